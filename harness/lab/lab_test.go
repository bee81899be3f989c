package lab_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
)

// The test binary is also every child process that a test starts.
func TestMain(m *testing.M) {
	lab.BeProcess(processes)
	if len(os.Args) == 3 && os.Args[1] == "accept and close" {
		acceptAndClose(os.Args[2])
	}
	os.Exit(m.Run())
}

// acceptAndClose is a server that reads nothing.
func acceptAndClose(address string) {
	listener, err := net.Listen("tcp", address)
	for err == nil {
		var conn net.Conn
		if conn, err = listener.Accept(); err == nil {
			conn.Close()
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// within is the context of a test: what hangs is ended by it.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// newLab returns a lab that must close without complaint.
func newLab(t *testing.T) *lab.Lab {
	t.Helper()
	l := lab.New()
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// pair returns both ends of a connection between the hosts "client" and
// "server" of the lab.
func pair(t *testing.T, l *lab.Lab) (client, server *lab.Conn) {
	t.Helper()
	ctx := within(t)
	listener, err := l.Host("server").Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
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
	return client, server
}

// echo sends back what it reads.
func echo(ctx context.Context, c *lab.Conn) {
	buffer := make([]byte, 16)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		if _, err := c.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// ask sends text and fails the test unless it comes back.
func ask(t *testing.T, c *lab.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for buffer := make([]byte, len(text)); len(got) < len(text); {
		n, err := c.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buffer[:n]...)
	}
	if string(got) != text {
		t.Fatalf("got back %q, want %q", got, text)
	}
}

func TestCloseNamesConnectionsLeftOpen(t *testing.T) {
	l := lab.New()
	client, server := pair(t, l)
	server.Close()

	err := l.Close()

	if err == nil || !strings.Contains(err.Error(), "left open: client saw open") {
		t.Fatalf("Close() = %v, want it to name the client's connection", err)
	}
	if strings.Contains(err.Error(), "server saw") {
		t.Errorf("Close() = %v, and the server's connection was closed", err)
	}
	if _, err := client.Read(make([]byte, 1)); harness.EndingOf(err) != harness.Closed {
		t.Errorf("read from the connection left open = %v, want it closed", err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("the second Close() = %v, want nothing", err)
	}
}

// closer notes in what order it is closed.
type closer struct {
	name  string
	order *[]string
}

func (c closer) Close() error {
	*c.order = append(*c.order, c.name)
	return nil
}

func TestCloseGoesBackwards(t *testing.T) {
	l := lab.New()
	var order []string
	for _, name := range []string{"a", "b", "c"} {
		l.Own(closer{name, &order})
	}

	if err := l.Close(); err != nil {
		t.Fatal(err)
	}

	if want := []string{"c", "b", "a"}; !slices.Equal(order, want) {
		t.Errorf("closed %v, want %v", order, want)
	}
}

func TestHosts(t *testing.T) {
	l := newLab(t)
	stack, err := lab.Loopback(netip.MustParseAddr("127.0.0.2"))
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.AddHost("far", stack)
	if err != nil {
		t.Fatal(err)
	}

	near := l.Host("near")
	again := l.Host("near")
	if far != l.Host("far") || near != again || near == far {
		t.Error("a name is not one host")
	}
	if far.Name() != "far" || far.Stack().IP() != netip.MustParseAddr("127.0.0.2") {
		t.Errorf("host is %q at %v", far.Name(), far.Stack().IP())
	}
	if _, err := l.AddHost("near", stack); err == nil {
		t.Error("a second host of one name was added")
	}
	if _, err := lab.Loopback(netip.MustParseAddr("192.0.2.1")); err == nil {
		t.Error("192.0.2.1 was taken for a loopback address")
	}
}

func TestReach(t *testing.T) {
	l, ctx := newLab(t), within(t)
	server, err := lab.Serve(l.Host("server"), echo)
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range []lab.Route{lab.Direct, lab.Proxied, lab.Stock} {
		t.Run(string(route), func(t *testing.T) {
			address, err := l.Reach(server, route)
			if err != nil {
				t.Fatal(err)
			}
			client, err := l.Host("client").Dial(ctx, address)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			ask(t, client, "hello")
			if direct := address == server.Addr(); direct != (route == lab.Direct) {
				t.Errorf("reached the server at %s, which listens at %s", address, server.Addr())
			}
		})
	}
	if _, err := l.Reach(server, "detour"); err == nil || !strings.Contains(err.Error(), `"detour"`) {
		t.Errorf("Reach by a detour = %v, want an error that names it", err)
	}
}

func TestIPv6(t *testing.T) {
	if probe, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Skipf("no IPv6 on the loopback: %v", err)
	} else {
		probe.Close()
	}
	for _, route := range []lab.Route{lab.Direct, lab.Proxied} {
		t.Run(string(route), func(t *testing.T) {
			l := lab.NewIPv6()
			defer func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}()
			server, err := lab.Serve(l.Host("server"), func(ctx context.Context, c *lab.Conn) {
				c.Read(make([]byte, 1))
				c.Abort()
			})
			if err != nil {
				t.Fatal(err)
			}
			address, err := l.Reach(server, route)
			if err != nil {
				t.Fatal(err)
			}
			client, err := l.Host("client").Dial(within(t), address)
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			client.Write([]byte("a"))
			client.Read(make([]byte, 1))

			saw := client.Outcome()
			if !strings.HasPrefix(saw.Remote, "[::1]:") || saw.First() != "read: reset" {
				t.Errorf("at %s: %v, want read: reset at [::1]", saw.Remote, saw)
			}
		})
	}
}
