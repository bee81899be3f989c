package netlab_test

import (
	"context"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/netlab"
)

// block adds a rule. Where the kernel has no firewall the test is skipped.
func block(t testing.TB, h *netlab.Host, r netlab.Rule) *netlab.Block {
	t.Helper()
	b, err := h.Block(r)
	available(t, err)
	return b
}

func TestVerdictsAtConnect(t *testing.T) {
	_, client, router, server := triple(t)
	succeed(t, client.SetSysctl("net.ipv4.tcp_syn_retries", "1"))
	listener, err := server.Listen(t.Context(), "tcp", netip.AddrPortFrom(server.IP(), 0).String())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for _, test := range []struct {
		verdict netlab.Verdict
		want    syscall.Errno
	}{
		{netlab.RejectReset, syscall.ECONNREFUSED},
		{netlab.RejectPort, syscall.ECONNREFUSED},
		{netlab.RejectHost, syscall.EHOSTUNREACH},
		{netlab.RejectAdmin, syscall.EHOSTUNREACH},
		{netlab.Drop, syscall.ETIMEDOUT},
	} {
		t.Run(string(test.verdict), func(t *testing.T) {
			b := block(t, router, netlab.Rule{Hook: netlab.Forward, Verdict: test.verdict})

			expectError(t, "dial", dialError(within(t), client, listener.Addr().String()), test.want)

			succeed(t, b.Lift())
			succeed(t, dialError(within(t), client, listener.Addr().String()))
		})
	}
}

func TestBlockedOpenConnectionLivesOnWhenHealed(t *testing.T) {
	l, _, server := pair(t)
	near, far, _ := connected(t, l)
	tap := tapOf(t, server)
	b := block(t, server, netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop})

	if _, err := near.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	await(t, tap, func(s netlab.Segment) bool { return len(s.Payload) == 1 }) // the tap is before the firewall
	succeed(t, b.Lift())

	succeed(t, readError(far)) // the retransmission
	if err := b.Lift(); err == nil {
		t.Error("a rule was lifted twice")
	}
}

// What the rule lets through opens the connection for the client. What it
// blocks comes when it is sent again.
func TestNoSYNBlocksWhatFollowsTheSYN(t *testing.T) {
	l, _, server := pair(t)
	listener, err := l.Host("server").Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	tap := tapOf(t, server)
	b := block(t, server, netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop, NoSYN: true})

	conn, err := l.Host("client").Dial(within(t), listener.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	writeError(conn)
	for range 2 {
		await(t, tap, func(s netlab.Segment) bool { return len(s.Payload) > 0 })
	}

	succeed(t, b.Lift())
	accepted, err := listener.Accept(within(t))
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	succeed(t, readError(accepted))
}

// A rejected segment of an open connection resets its sender, and only that.
func TestRejectionTellsOneSide(t *testing.T) {
	l, _, server := pair(t)
	near, far, _ := connected(t, l)
	block(t, server, netlab.Rule{Hook: netlab.Input, Verdict: netlab.RejectReset})

	writeError(near)

	expectError(t, "read", readError(near), syscall.ECONNRESET)
	if got := far.Outcome().Ending; got != harness.Open {
		t.Errorf("the server's end is %s, want open", got)
	}
	if got := counter(t, server, "OutRsts"); got != 0 {
		t.Errorf("the server's TCP counts %d RSTs sent, want 0: the firewall sent it", got)
	}
}

// Each rule is tried with a packet that it is for and one that it is not for.
func TestRulesMatchWhatTheySay(t *testing.T) {
	_, client, server := pair(t)
	address := func(port uint16) string { return netip.AddrPortFrom(server.IP(), port).String() }
	for _, port := range []uint16{80, 81} {
		listener, err := server.Listen(t.Context(), "tcp", address(port))
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
	}
	for _, test := range rulesFor(client.IP(), server.IP()) {
		t.Run(test.name, func(t *testing.T) {
			test.rule.Verdict = netlab.Drop
			b := block(t, server, test.rule)
			defer b.Lift()
			for port, blocked := range map[uint16]bool{80: test.blocks80, 81: test.blocks81} {
				expectBlocked(t, client, address(port), blocked)
			}
		})
	}
}

// A ruleTest is a rule at the server, and which of its two ports it blocks.
type ruleTest struct {
	name               string
	rule               netlab.Rule
	blocks80, blocks81 bool
}

func rulesFor(client, server netip.Addr) []ruleTest {
	const in, out = netlab.Input, netlab.Output
	any, nobody, to := netip.Addr{}, netip.MustParseAddr("192.0.2.1"), netip.AddrPortFrom
	return []ruleTest{
		{"everything", netlab.Rule{Hook: in}, true, true},
		{"a port", netlab.Rule{Hook: in, Destination: to(any, 80)}, true, false},
		{"an address and a port", netlab.Rule{Hook: in, Destination: to(server, 81)}, false, true},
		{"another address", netlab.Rule{Hook: in, Destination: to(nobody, 80)}, false, false},
		{"a source", netlab.Rule{Hook: in, Source: to(client, 0)}, true, true},
		{"another source", netlab.Rule{Hook: in, Source: to(nobody, 0)}, false, false},
		{"a source port, outwards", netlab.Rule{Hook: out, Source: to(any, 80)}, true, false},
		{"what passes through", netlab.Rule{Hook: netlab.Forward}, false, false},
		{"RST alone", netlab.Rule{Hook: in, Reset: true}, false, false},
		{"no SYN", netlab.Rule{Hook: in, NoSYN: true}, false, false}, // connect needs no more to arrive
		{"another TTL than 64", netlab.Rule{Hook: in, NotTTL: 64}, false, false},
		{"another TTL than 63", netlab.Rule{Hook: in, NotTTL: 63}, true, true},
		{"what is invalid", netlab.Rule{Hook: in, Invalid: true}, false, false},
	}
}

// expectBlocked connects: for ever if it should succeed, and for a moment if
// it should not.
func expectBlocked(t *testing.T, h *netlab.Host, address string, blocked bool) {
	t.Helper()
	ctx := within(t)
	if blocked {
		patience, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		ctx = patience
	}
	if err := dialError(ctx, h, address); (err != nil) != blocked {
		t.Errorf("%s: got %v, want it blocked: %v", address, err, blocked)
	}
}

// A rule at output rejects what the host itself sends, before it leaves.
func TestAHostsOwnFirewallRejects(t *testing.T) {
	_, client, server := pair(t)
	listener, err := server.Listen(t.Context(), "tcp", netip.AddrPortFrom(server.IP(), 0).String())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	tap := tapOf(t, server)
	block(t, client, netlab.Rule{
		Hook: netlab.Output, Verdict: netlab.RejectReset, Destination: netip.AddrPortFrom(server.IP(), 0),
	})

	err = dialError(within(t), client, listener.Addr().String())

	expectError(t, "dial", err, syscall.ECONNREFUSED)
	seen, err := tap.Seen()
	succeed(t, err)
	if len(seen) != 0 {
		t.Errorf("the server has seen %v", seen)
	}
}
