package netlab_test

import (
	"io"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/netlab"
)

func TestUseMultipath(t *testing.T) {
	n := start(t)
	available(t, n.Require(netlab.MPTCP))
	l, client, server := pair(t)
	client.UseMultipath()
	server.UseMultipath()
	near, far, _ := connected(t, l)

	pass(t, near, far)

	for _, end := range []syscall.Conn{near.TCP(), far.TCP()} {
		socket, err := end.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		var protocol int
		socket.Control(func(fd uintptr) { protocol, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PROTOCOL) })
		if err != nil || protocol != unix.IPPROTO_MPTCP {
			t.Errorf("the socket's protocol is %d: %v, want MPTCP", protocol, err)
		}
	}
}

func TestWrongSubflows(t *testing.T) {
	n := start(t)
	h := host(t, n, "h")
	for want, err := range map[string]error{
		"limit of -1 subflows": h.LimitSubflows(-1),
		"limit of 9 subflows":  h.LimitSubflows(9),
		"subflow from ::1":     h.AddSubflow(netip.IPv6Loopback()),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestCorruptionChangesLongSegments(t *testing.T) {
	n := start(t)
	available(t, n.Require(netlab.Corruption))
	l, _, router, _ := triple(t)
	near, far, _ := connected(t, l)
	block(t, router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.Corrupt})

	pass(t, near, far)
	sent := strings.Repeat("a", 300)
	if _, err := io.WriteString(near, sent); err != nil {
		t.Fatal(err)
	}
	read := make([]byte, len(sent))
	if _, err := io.ReadFull(far, read); err != nil {
		t.Fatal(err)
	}

	if changed := len(sent) - strings.Count(string(read), "a"); changed != 2 {
		t.Errorf("%d bytes were changed, want 2", changed)
	}
}
