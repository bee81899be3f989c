package netlab_test

import (
	"io"
	"net/netip"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
	"golang.org/x/sys/unix"
)

// resets says how many RSTs a tap has seen.
func resets(t testing.TB, tap *netlab.Tap) int {
	t.Helper()
	seen, err := tap.Seen()
	succeed(t, err)
	count := 0
	for _, s := range seen {
		if s.Flags&netlab.RST != 0 {
			count++
		}
	}
	return count
}

func TestAForgottenConnectionSaysNothing(t *testing.T) {
	for _, back := range []bool{false, true} {
		name := map[bool]string{false: "nobody listens", true: "a listener is back"}[back]
		t.Run(name, func(t *testing.T) {
			l, client, server := pair(t)
			tap := tapOf(t, client)
			near, far, listener := connected(t, l)
			await(t, tap, func(s netlab.Segment) bool { return s.Flags == netlab.ACK })

			succeed(t, server.ForgetListener(listener))
			succeed(t, server.Forget(far))
			if back {
				again, err := l.Host("server").ListenAt(within(t), at(listener.TCP().Addr()).Port())
				if err != nil {
					t.Fatal(err)
				}
				defer again.Close()
			}

			seen, err := tap.Seen()
			succeed(t, err)
			if len(seen) != 0 {
				t.Errorf("the crash said %v", seen)
			}
			succeed(t, writeError(near))
			expectError(t, "read", readError(near), syscall.ECONNRESET)
		})
	}
}

// When a socket is forgotten, or one that was handed over is closed, no copy of
// it is left that would go on answering for a while.
func TestNoCopyOfASocketIsLeft(t *testing.T) {
	l, client, server := pair(t)
	for range 300 {
		near, far, listener := connected(t, l)
		succeed(t, listener.Close())
		succeed(t, server.Forget(far))

		succeed(t, writeError(near))
		expectError(t, "read", readError(near), syscall.ECONNRESET)
		expectError(t, "dial", dialError(within(t), client, listener.Addr()), syscall.ECONNREFUSED)
		near.Close()
	}
}

// A listener that is closed resets the connections that nobody has accepted;
// one that is forgotten does not.
func TestAForgottenListenerForgetsWhoWaits(t *testing.T) {
	for _, test := range []struct {
		name   string
		end    func(*netlab.Host, *lab.Listener) error
		resets bool
	}{
		{"closed", func(_ *netlab.Host, l *lab.Listener) error { return l.Close() }, true},
		{"forgotten", (*netlab.Host).ForgetListener, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, client, server := pair(t)
			tap := tapOf(t, client)
			listener, err := l.Host("server").Listen(within(t))
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			near, err := l.Host("client").Dial(within(t), listener.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer near.Close()
			// A segment that is answered has gone after the ACK of the handshake.
			succeed(t, writeError(near))
			await(t, tap, func(s netlab.Segment) bool { return s.Flags == netlab.ACK && !s.Outgoing })

			succeed(t, test.end(server, listener))

			if test.resets {
				await(t, tap, func(s netlab.Segment) bool { return s.Flags&netlab.RST != 0 })
			} else if got := resets(t, tap); got != 0 {
				t.Errorf("%d RSTs, want 0", got)
			}
		})
	}
}

func TestARemovedHostIsSilent(t *testing.T) {
	l, client, server := pair(t)
	near, far, listener := connected(t, l)
	pass(t, near, far)
	tap := tapOf(t, client)
	const timeout = 300 // milliseconds
	succeed(t, setOption(near, unix.TCP_USER_TIMEOUT, timeout))

	succeed(t, server.Remove())
	succeed(t, writeError(near))

	err := readError(near) // nobody answers its ARP either (RFC 826)
	if !isAny(err, syscall.ETIMEDOUT, syscall.EHOSTUNREACH) {
		t.Errorf("read: got %v, want ETIMEDOUT or EHOSTUNREACH", err)
	}
	seen, err := tap.Seen()
	succeed(t, err)
	for _, s := range seen {
		if !s.Outgoing {
			t.Errorf("heard from a removed host: %v", s)
		}
	}
	if err := server.SetSysctl("net.ipv4.ip_forward", "1"); err == nil {
		t.Error("a removed host can be set")
	}
	listener.Close()
	far.Close()
}

func TestAHostOfTheNameOfARemovedOne(t *testing.T) {
	n := start(t)
	client, server := host(t, n, "client"), host(t, n, "server")
	if _, err := n.Link(client, server); err != nil {
		t.Fatal(err)
	}

	succeed(t, server.Remove())
	server = host(t, n, "server")
	if _, err := n.Link(client, server); err != nil {
		t.Fatal(err)
	}

	listener, err := server.Listen(t.Context(), "tcp", netip.AddrPortFrom(server.IP(), 0).String())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	succeed(t, dialError(within(t), client, listener.Addr().String()))
}

func TestDestroyedSockets(t *testing.T) {
	l, _, server := pair(t)
	near, far, _ := connected(t, l)

	available(t, server.Destroy(at(far.LocalAddr()), at(far.RemoteAddr())))

	expectError(t, "the owner's read", readError(far), syscall.ECONNABORTED)
	expectError(t, "the peer's read", readError(near), syscall.ECONNRESET)
	expectError(t, "the peer's second read", readError(near), io.EOF)
}

func TestADestroyedListener(t *testing.T) {
	l, _, server := pair(t)
	listener, err := l.Host("server").Listen(within(t))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	near, err := l.Host("client").Dial(within(t), listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	succeed(t, writeError(near)) // it waits to be accepted when this has been answered

	available(t, server.DestroyListener(at(listener.TCP().Addr())))

	expectError(t, "the client's read", readError(near), syscall.ECONNRESET)
	_, err = listener.Accept(within(t))
	expectError(t, "accept", err, syscall.EINVAL)
}

func TestARemovedAddressHearsNothing(t *testing.T) {
	l, client, server := pair(t)
	near, far, _ := connected(t, l)
	tap := tapOf(t, client)
	succeed(t, setOption(near, unix.TCP_USER_TIMEOUT, 300))

	succeed(t, server.RemoveAddress(server.IP()))
	succeed(t, writeError(near))

	if err := readError(near); !isAny(err, syscall.ETIMEDOUT, syscall.EHOSTUNREACH) {
		t.Errorf("read: got %v, want ETIMEDOUT or EHOSTUNREACH", err)
	}
	if got := resets(t, tap); got != 0 {
		t.Errorf("%d RSTs, want 0", got)
	}
	if got := far.Outcome().Op; got != "" {
		t.Errorf("the server noticed in %s", got)
	}
}
