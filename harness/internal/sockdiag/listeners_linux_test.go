package sockdiag_test

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/internal/sockdiag"
)

func TestListeners(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("tcp", listener.Addr().String()) // whose socket has the port, too
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	at := netip.MustParseAddrPort(listener.Addr().String())
	raw, err := listener.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var about unix.Stat_t
	raw.Control(func(fd uintptr) { err = unix.Fstat(int(fd), &about) })
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{"127.0.0.1": true, "0.0.0.0": true, "127.0.0.2": false, "::1": false} {
		got := listeners(t, netip.AddrPortFrom(netip.MustParseAddr(address), at.Port()))
		if slices.Contains(got, uint32(about.Ino)) != want {
			t.Errorf("at %s: inodes %v, want %d among them: %v", address, got, about.Ino, want)
		}
	}
	listener.Close()
	if got := listeners(t, at); len(got) > 0 {
		t.Errorf("inodes %v listen at a port that was closed", got)
	}
}

func listeners(t *testing.T, at netip.AddrPort) []uint32 { return ask(t, at, sockdiag.Listeners) }

// ask asks something of the kernel about an address.
func ask(t *testing.T, at netip.AddrPort, what func(fd int, at netip.AddrPort) ([]uint32, error)) []uint32 {
	t.Helper()
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	answer, err := what(fd, at)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// What a connection has unread counts until somebody accepts it.
func TestUnaccepted(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	at := netip.MustParseAddrPort(listener.Addr().String())
	for _, said := range []string{"", "hello"} {
		client, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if _, err := client.Write([]byte(said)); err != nil {
			t.Fatal(err)
		}
	}
	if got := slices.Sorted(slices.Values(ask(t, at, sockdiag.Unaccepted))); !slices.Equal(got, []uint32{0, 5}) {
		t.Errorf("%d bytes are unread at connections that nobody accepted, want 0 and 5", got)
	}
	for range 2 {
		conn, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	if got := ask(t, at, sockdiag.Unaccepted); len(got) > 0 {
		t.Errorf("%d bytes are unread at connections that nobody accepted, and all were", got)
	}
}

// No answer, however broken, makes the reader fail in another way than by an
// error.
func FuzzMessagesIn(f *testing.F) {
	f.Add([]byte{20, 0, 0, 0, 3, 0, 0, 0})
	f.Add(append([]byte{88, 0, 0, 0, 20, 0}, make([]byte, 82)...))
	f.Fuzz(func(t *testing.T, answer []byte) {
		sockdiag.MessagesIn(answer, func(message []byte) {
			if len(message) < 72 {
				t.Errorf("a message has %d bytes", len(message))
			}
		})
	})
}
