package lab_test

import (
	"context"
	"fmt"
	"log"

	"github.com/resetlab/resetlab/harness/lab"
)

// A server that closes with a byte unread resets its client.
func Example() {
	l := lab.New()
	server, err := lab.Serve(l.Host("server"), func(ctx context.Context, c *lab.Conn) {
		c.Read(make([]byte, 1))
		c.Close()
	})
	if err != nil {
		log.Fatal(err)
	}
	address, err := l.Reach(server, lab.Proxied)
	if err != nil {
		log.Fatal(err)
	}
	client, err := l.Host("client").Dial(context.Background(), address)
	if err != nil {
		log.Fatal(err)
	}
	client.Write([]byte("ab"))
	client.Read(make([]byte, 1))
	client.Close()
	if err := l.Close(); err != nil {
		log.Fatal(err)
	}

	fmt.Println(client.Outcome().First())
	// Output: read: reset
}
