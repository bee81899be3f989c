package netlab_test

import (
	"fmt"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/netlab"
)

func TestWhatIsWrongIsSaid(t *testing.T) {
	n, other := start(t), start(t)
	a, b, stranger := host(t, n, "a"), host(t, n, "b"), host(t, other, "stranger")
	four := netip.MustParseAddr("10.0.0.1")
	six := netip.MustParseAddr("2001:db8::1")
	ctx := within(t)
	for _, test := range []struct {
		want string
		do   func() error
	}{
		{"the name is empty", func() error { _, err := n.Host(""); return err }},
		{"has a host of this name", func() error { _, err := n.Host("a"); return err }},
		{"both ends are a", func() error { _, err := n.Link(a, a); return err }},
		{"of another network", func() error { _, err := n.Link(a, stranger); return err }},
		{`Hook is "sideways"`, func() error {
			return blockError(a, netlab.Rule{Hook: "sideways", Verdict: netlab.Drop})
		}},
		{`Verdict is ""`, func() error { return blockError(a, netlab.Rule{Hook: netlab.Input}) }},
		{"Source is 2001:db8::1", func() error {
			source := netip.AddrPortFrom(six, 0)
			return blockError(a, netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop, Source: source})
		}},
		{"rejects its own RST", func() error {
			return blockError(a, netlab.Rule{Hook: netlab.Output, Verdict: netlab.RejectReset})
		}},
		{"To is invalid", func() error { return a.Translate(netlab.NAT{From: netip.AddrPortFrom(four, 80)}) }},
		{"the same", func() error {
			return a.Translate(netlab.NAT{From: netip.AddrPortFrom(four, 80), To: netip.AddrPortFrom(four, 80)})
		}},
		{"allowed are IPv4", func() error { return a.AddRoute(netip.PrefixFrom(six, 64), six) }},
		{"invalid argument", func() error { return a.AddRoute(netip.PrefixFrom(four, 24), four) }},
		{"no interface has it", func() error { return b.RemoveAddress(four) }},
		{"want tcp or udp", func() error { _, err := a.Dial(ctx, "unix", "/socket"); return err }},
		{"want tcp or udp", func() error { return dialError(ctx, a, "server:80") }},
		{"want tcp or udp", func() error { return dialError(ctx, a, netip.AddrPortFrom(six, 80).String()) }},
		{"want tcp and", func() error { _, err := a.Listen(ctx, "udp", "127.0.0.1:0"); return err }},
		{"an IPv4 address", func() error { return a.Forge(netlab.Segment{}) }},
		{"no counter", func() error { _, err := a.Counter("Surprises"); return err }},
		{"no feature", func() error { return n.Require("telepathy") }},
		{"no such file", func() error { return a.Destroy(netip.AddrPortFrom(four, 1), netip.AddrPortFrom(four, 2)) }},
	} {
		if err := test.do(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want an error with %q", err, test.want)
		}
	}
}

func TestThereIsAnEndOfLinks(t *testing.T) {
	n := start(t)
	a, removed := host(t, n, "a"), host(t, n, "removed")
	succeed(t, removed.Remove())
	for range 255 {
		if _, err := n.Link(a, removed); err == nil || strings.Contains(err.Error(), "at most") {
			t.Fatalf("got %v", err)
		}
	}

	_, err := n.Link(a, removed)

	if err == nil || !strings.Contains(err.Error(), "at most 255 links") {
		t.Errorf("link 256: got %v", err)
	}
}

func TestAClosedNetworkSaysSo(t *testing.T) {
	n := start(t)
	h := host(t, n, "h")

	succeed(t, n.Close())

	const want = "the network is closed"
	if _, err := n.Host("late"); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	if err := dialError(within(t), h, "127.0.0.1:80"); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	succeed(t, n.Close())
}

func TestWithoutRoomForADescriptor(t *testing.T) {
	n := start(t)
	h := host(t, n, "h")
	var limit unix.Rlimit
	succeed(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	free, err := h.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(free) // the lowest descriptor that is free

	succeed(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(free), Max: limit.Max}))
	_, err = h.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	succeed(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))

	expectError(t, "socket", err, syscall.EMFILE)
	succeed(t, h.SetSysctl("net.ipv4.ip_forward", "1")) // the network goes on
}

func TestAKeeperThatDiedIsNamed(t *testing.T) {
	n := start(t)
	h := host(t, n, "h")
	for name := range holdings() {
		var pid int
		if _, err := fmt.Sscanf(name, "/proc/%d/status", &pid); err == nil {
			succeed(t, syscall.Kill(pid, syscall.SIGKILL))
		}
	}

	err := h.SetSysctl("net.ipv4.ip_forward", "1")

	if err == nil || !strings.Contains(err.Error(), "the keeper does not answer") {
		t.Errorf("got %v", err)
	}
	if _, err := n.Host("late"); err == nil || !strings.Contains(err.Error(), "the network is closed") {
		t.Errorf("got %v", err)
	}
}
