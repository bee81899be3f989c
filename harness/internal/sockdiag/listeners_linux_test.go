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

func listeners(t *testing.T, at netip.AddrPort) []uint32 {
	t.Helper()
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unix.NETLINK_INET_DIAG)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	inodes, err := sockdiag.Listeners(fd, at)
	if err != nil {
		t.Fatal(err)
	}
	return inodes
}

// No answer, however broken, makes the reader fail in another way than by an
// error.
func FuzzListeners(f *testing.F) {
	f.Add([]byte{20, 0, 0, 0, 3, 0, 0, 0})
	f.Add(append([]byte{88, 0, 0, 0, 20, 0}, make([]byte, 82)...))
	f.Fuzz(func(t *testing.T, answer []byte) {
		sockdiag.ListenersIn(answer, netip.MustParseAddrPort("127.0.0.1:80"))
	})
}
