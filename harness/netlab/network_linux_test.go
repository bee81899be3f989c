package netlab_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness/netlab"
)

func TestTwoHostsTalkAndTheKernelCounts(t *testing.T) {
	l, client, server := pair(t)
	near, far, _ := connected(t, l)

	pass(t, near, far)
	pass(t, far, near)

	if got, want := at(near.LocalAddr()).Addr(), client.IP(); got != want {
		t.Errorf("the client's address is %v, want %v", got, want)
	}
	if got, want := at(near.RemoteAddr()), at(far.LocalAddr()); got != want {
		t.Errorf("the client is connected to %v, want %v", got, want)
	}
	for _, h := range []struct {
		host *netlab.Host
		name string
	}{{client, "ActiveOpens"}, {server, "PassiveOpens"}} {
		if got := counter(t, h.host, h.name); got != 1 {
			t.Errorf("%s of %s is %d, want 1: it counts what others do", h.name, h.host.Name(), got)
		}
	}
}

func TestARouterForwards(t *testing.T) {
	l, _, _, _ := triple(t)
	near, far, _ := connected(t, l)

	pass(t, near, far)

	near.Abort()
	expectError(t, "read behind a router", readError(far), syscall.ECONNRESET)
}

func TestDialFromTakesTheAddress(t *testing.T) {
	l, client, _ := pair(t)
	near, _, listener := connected(t, l)
	local := netip.AddrPortFrom(client.IP(), at(near.LocalAddr()).Port()+1)

	c, err := client.DialFrom(within(t), "tcp", local, listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	if got := at(c.LocalAddr()); got != local {
		t.Errorf("connected from %v, want %v", got, local)
	}
}

func TestDatagramsAreAnsweredByTheRightKernel(t *testing.T) {
	_, client, server := pair(t)
	c, err := client.Dial(within(t), "udp", netip.AddrPortFrom(server.IP(), 9).String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	c.Write([]byte("x"))

	_, err = c.Read(make([]byte, 1)) // ICMP port unreachable
	expectError(t, "read from a closed port", err, syscall.ECONNREFUSED)
}

func TestDialEndsWithItsContext(t *testing.T) {
	_, client, server := pair(t)
	block(t, server, netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop})
	ctx, cancel := context.WithCancel(within(t))
	tap := tapOf(t, client)
	done := make(chan error, 1)
	go func() { done <- dialError(ctx, client, netip.AddrPortFrom(server.IP(), 80).String()) }()

	await(t, tap, func(s netlab.Segment) bool { return s.Flags == netlab.SYN })
	cancel()

	expectError(t, "dial", <-done, context.Canceled)
}

func TestManyNetworksAtTheSameTime(t *testing.T) {
	leaveNothing(t)
	const networks, hosts = 4, 3
	var all sync.WaitGroup
	for i := range networks {
		all.Go(func() {
			if err := talkInAll(t, hosts); err != nil && !errors.Is(err, netlab.ErrUnavailable) {
				t.Errorf("network %d: %v", i, err)
			}
		})
	}
	all.Wait()
}

// talkInAll has the hosts of a network connect to the first, all at once.
func talkInAll(t *testing.T, hosts int) error {
	n, err := netlab.New()
	if err != nil {
		return err
	}
	hub, err := n.Host("hub")
	if err != nil {
		return errors.Join(err, n.Close())
	}
	errs := make([]error, hosts)
	var all sync.WaitGroup
	for i := range hosts {
		all.Go(func() { errs[i] = join(t.Context(), n, hub, fmt.Sprint("host", i)) })
	}
	all.Wait()
	return errors.Join(append(errs, n.Close())...)
}

// join makes a host and has it connect to hub.
func join(ctx context.Context, n *netlab.Network, hub *netlab.Host, name string) error {
	h, err := n.Host(name)
	if err != nil {
		return err
	}
	link, err := n.Link(h, hub)
	if err != nil {
		return err
	}
	listener, err := hub.Listen(ctx, "tcp", netip.AddrPortFrom(link.AddressB, 80).String())
	if err != nil {
		return err
	}
	return errors.Join(dialError(ctx, h, listener.Addr().String()), listener.Close())
}

func TestALinkCanBeRemoved(t *testing.T) {
	n := start(t)
	client, server := host(t, n, "client"), host(t, n, "server")
	link, err := n.Link(client, server)
	if err != nil {
		t.Fatal(err)
	}

	succeed(t, link.Remove())

	err = dialError(within(t), client, netip.AddrPortFrom(server.IP(), 80).String())
	expectError(t, "dial without a link", err, syscall.ENETUNREACH)
	if err := link.Remove(); err == nil {
		t.Error("the second removal of a link succeeded")
	}
}

func TestSettingsAreOfTheHost(t *testing.T) {
	n := start(t)
	h := host(t, n, "h")
	for _, test := range []struct {
		name, value string
		fails       bool
	}{
		{"net.ipv4.tcp_abort_on_overflow", "1", false},
		{"net.ipv4.tcp_syn_retries", "many", true},
		{"net.ipv4.tcp_max_orphans", "1", true}, // of the whole machine
		{"net.ipv4.no_such_setting", "1", true},
		{"kernel.hostname", "x", true},
		{"net/../kernel.hostname", "x", true},
	} {
		if err := h.SetSysctl(test.name, test.value); (err != nil) != test.fails {
			t.Errorf("%s=%s: %v", test.name, test.value, err)
		}
	}
}

// host makes a host.
func host(t testing.TB, n *netlab.Network, name string) *netlab.Host {
	t.Helper()
	h, err := n.Host(name)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func blockError(h *netlab.Host, r netlab.Rule) error {
	_, err := h.Block(r)
	return err
}
