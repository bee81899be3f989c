package netlab_test

import (
	"context"
	"fmt"
	"log"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

// A firewall rejects a connection that is open: it is on the wire that the
// server has sent a RST, and the server knows nothing of it.
func Example() {
	ctx := context.Background()
	l := lab.New()
	defer l.Close()
	_, server, err := netlab.Pair(l)
	if err != nil {
		log.Fatal(err) // it wraps netlab.ErrUnavailable where there are no namespaces
	}
	echoes, err := lab.Serve(l.Host("server"), echo)
	if err != nil {
		log.Fatal(err)
	}
	c, err := l.Host("client").Dial(ctx, echoes.Addr())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	if _, err := server.Block(netlab.Rule{Hook: netlab.Input, Verdict: netlab.RejectReset}); err != nil {
		log.Fatal(err)
	}
	c.Write([]byte("hello"))
	_, err = c.Read(make([]byte, 5))

	sent, _ := server.Counter("OutRsts")
	fmt.Printf("%s, and the server has sent %d RSTs\n", harness.EndingOf(err), sent)
	// Output: reset, and the server has sent 0 RSTs
}
