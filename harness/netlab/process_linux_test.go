package netlab_test

import (
	"context"
	"io"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness/lab"
)

// processes are the servers that run as child processes.
var processes = map[string]lab.ProcessFunc{"echo": lab.HandlerProcess(echo)}

// echo sends back what comes.
func echo(_ context.Context, c *lab.Conn) { io.Copy(c, c) }

// A child gets its listener as a descriptor, which keeps its namespace.
func TestAChildProcessServesOnAHost(t *testing.T) {
	l, _, _ := pair(t)
	ctx := within(t)
	process, err := l.Host("server").Start(ctx, "echo", lab.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	near, err := l.Host("client").Dial(ctx, process.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	pass(t, near, near)
	if _, err := near.Write([]byte("unread")); err != nil {
		t.Fatal(err)
	}
	if err := near.AwaitReadable(ctx); err != nil {
		t.Fatal(err)
	}

	succeed(t, process.Kill())

	for err == nil {
		err = readError(near)
	}
	expectError(t, "read after a kill with nothing unread", err, io.EOF)
	again, err := l.Host("client").Dial(ctx, process.Addr())
	expectError(t, "dial after a kill", err, syscall.ECONNREFUSED)
	again.Close()
}

// The faithful proxy runs on a host as it does on the loopback.
func TestTheProxyStandsOnAHost(t *testing.T) {
	l, _, router, server := triple(t)
	if _, err := l.AddHost("proxy", router); err != nil {
		t.Fatal(err)
	}
	ctx := within(t)
	behind, err := lab.Serve(l.Host("server"), func(ctx context.Context, c *lab.Conn) {
		c.Read(make([]byte, 1))
		c.Abort()
	})
	if err != nil {
		t.Fatal(err)
	}
	tap := tapOf(t, server)
	address, err := l.Reach(behind, lab.Proxied)
	if err != nil {
		t.Fatal(err)
	}
	if got := at(stringer(address)).Addr(); got != router.IP() {
		t.Errorf("the proxy is at %v, want %v", got, router.IP())
	}

	near, err := l.Host("client").Dial(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	succeed(t, writeError(near))

	expectError(t, "read behind the proxy", readError(near), syscall.ECONNRESET)
	if got := resets(t, tap); got != 1 {
		t.Errorf("%d RSTs on the server's wire, want 1", got)
	}
}

type stringer string

func (s stringer) String() string { return string(s) }
