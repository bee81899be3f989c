package matchers_test

import (
	"context"
	"fmt"
	"log"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/matchers"
)

// In a spec: Expect(saw).To(EndIn("read", harness.Reset)).
func ExampleEndIn() {
	l := lab.New()
	server, err := lab.Serve(l.Host("server"), func(ctx context.Context, c *lab.Conn) {
		c.Read(make([]byte, 1))
		c.Abort()
	})
	if err != nil {
		log.Fatal(err)
	}
	client, err := l.Host("client").Dial(context.Background(), server.Addr())
	if err != nil {
		log.Fatal(err)
	}
	client.Write([]byte("a"))
	client.Read(make([]byte, 1))
	client.Read(make([]byte, 1))
	client.Close()
	if err := l.Close(); err != nil {
		log.Fatal(err)
	}

	matched, err := matchers.EndIn("read", harness.Reset).Then("read", harness.Finished).Match(client.Outcome())
	fmt.Println(matched, err)
	// Output: true <nil>
}
