package netlab_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

// connected returns both ends of a connection from the lab's host "client" to
// its host "server", and the server's listener.
func connected(t testing.TB, l *lab.Lab) (client, server *lab.Conn, listener *lab.Listener) {
	t.Helper()
	ctx := within(t)
	listener, err := l.Host("server").Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	client, err = l.Host("client").Dial(ctx, listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	server, err = listener.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return client, server, listener
}

// at returns the address of an end.
func at(address interface{ String() string }) netip.AddrPort {
	return netip.MustParseAddrPort(address.String())
}

// pass sends a byte from one end to the other.
func pass(t testing.TB, from, to *lab.Conn) {
	t.Helper()
	if _, err := from.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := to.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

// expectError fails the test unless err is want.
func expectError(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got %v, want %v", what, err, want)
	}
}

// readError is what the next read gives.
func readError(c *lab.Conn) error {
	_, err := c.Read(make([]byte, 1))
	return err
}

// writeError is what the next write gives.
func writeError(c *lab.Conn) error {
	_, err := c.Write([]byte("x"))
	return err
}

// counter returns a counter of a host.
func counter(t testing.TB, h *netlab.Host, name string) int64 {
	t.Helper()
	value, err := h.Counter(name)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// dialError is what connecting gives.
func dialError(ctx context.Context, h *netlab.Host, address string) error {
	c, err := h.Dial(ctx, "tcp", address)
	if err == nil {
		c.Close()
	}
	return err
}

// setOption sets an option of TCP.
func setOption(c *lab.Conn, option, value int) error {
	socket, err := c.TCP().SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = socket.Control(func(fd uintptr) { inner = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, option, value) })
	return errors.Join(err, inner)
}

func isAny(err error, wanted ...error) bool {
	return slices.ContainsFunc(wanted, func(want error) bool { return errors.Is(err, want) })
}

// A connection that was closed at one end waits there for the other's FIN.
func TestTimeWaits(t *testing.T) {
	l, client, server := pair(t)
	_, far, _ := connected(t, l)

	succeed(t, far.Close())

	ctx := within(t)
	for got := 0; got != 1; {
		var err error
		if got, err = server.TimeWaits(); err != nil || ctx.Err() != nil {
			t.Fatalf("TimeWaits() = %d, %v, want 1", got, err)
		}
	}
	if got, err := client.TimeWaits(); err != nil || got != 0 {
		t.Errorf("at the client TimeWaits() = %d, %v, want 0: it has not closed", got, err)
	}
}
