package netlab_test

import (
	"net/netip"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

// What a redirection to another host does, and what becomes of an open
// connection when connection tracking forgets it.
func TestTranslationAndForgetting(t *testing.T) {
	for _, test := range []struct {
		loose string
		want  error // of the client's read
	}{
		{"1", nil},
		{"0", syscall.ECONNRESET},
	} {
		t.Run("nf_conntrack_tcp_loose="+test.loose, func(t *testing.T) {
			l, _, router, server := triple(t)
			virtual := netip.AddrPortFrom(router.IP(), 80)
			real := netip.AddrPortFrom(server.IP(), 8080)
			available(t, router.Translate(netlab.NAT{From: virtual, To: real}))
			near, far := throughNAT(t, l, virtual, real)
			succeed(t, router.SetSysctl("net.netfilter.nf_conntrack_tcp_loose", test.loose))

			succeed(t, router.ForgetFlows())
			writeError(near)

			if test.want == nil {
				succeed(t, readError(far))
			} else {
				// The router, who knows no such connection of its own, answers.
				expectError(t, "read", readError(near), test.want)
			}
		})
	}
}

// A flow is there from its first segment on, until it was idle for too long.
func TestFlowsAreForgottenWhenIdle(t *testing.T) {
	l, _, router, _ := triple(t)
	block(t, router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.Drop, Invalid: true})
	expectFlows(t, router, 0)
	succeed(t, router.SetSysctl("net.netfilter.nf_conntrack_tcp_timeout_established", "60"))
	near, far, _ := connected(t, l)
	pass(t, near, far)
	expectFlows(t, router, 1)

	succeed(t, router.SetSysctl("net.netfilter.nf_conntrack_tcp_timeout_established", "1"))
	pass(t, near, far) // the new timeout begins with a segment

	for flows, ctx := 1, within(t); flows > 0; {
		var err error
		if flows, err = router.Flows(); err != nil || ctx.Err() != nil {
			t.Fatalf("%d flows: %v, %v", flows, err, ctx.Err())
		}
	}
}

func expectFlows(t *testing.T, h *netlab.Host, want int) {
	t.Helper()
	if got, err := h.Flows(); err != nil || got != want {
		t.Errorf("connection tracking knows %d flows: %v, want %d", got, err, want)
	}
}

// throughNAT connects the client to virtual, where the server answers at real.
func throughNAT(t *testing.T, l *lab.Lab, virtual, real netip.AddrPort) (near, far *lab.Conn) {
	t.Helper()
	ctx := within(t)
	listener, err := l.Host("server").ListenAt(ctx, real.Port())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	near, err = l.Host("client").Dial(ctx, virtual.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close() })
	far, err = listener.Accept(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	pass(t, near, far)
	if got := at(far.LocalAddr()); got != real {
		t.Errorf("the server's address is %v, want %v", got, real)
	}
	return near, far
}

// A segment outside of what connection tracking expects keeps the address of
// the real server, and the client, who knows no such connection, answers it
// with RST. Both known cures help (kubernetes/kubernetes#74839).
func TestWhatConnectionTrackingCallsInvalid(t *testing.T) {
	for _, test := range []struct {
		name string
		cure func(t *testing.T, router *netlab.Host)
		dies bool
	}{
		{"no cure", func(*testing.T, *netlab.Host) {}, true},
		{"liberal", func(t *testing.T, router *netlab.Host) {
			succeed(t, router.SetSysctl("net.netfilter.nf_conntrack_tcp_be_liberal", "1"))
		}, false},
		{"invalid is dropped", func(t *testing.T, router *netlab.Host) {
			block(t, router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.Drop, Invalid: true})
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, _, router, server := triple(t)
			virtual, real := netip.AddrPortFrom(router.IP(), 80), netip.AddrPortFrom(server.IP(), 8080)
			available(t, router.Translate(netlab.NAT{From: virtual, To: real}))
			test.cure(t, router)
			tap, passing := tapOf(t, server), tapOf(t, router)
			near, far := throughNAT(t, l, virtual, real)
			data := await(t, tap, withData)

			stray := netlab.Segment{
				Source: data.Destination, Destination: data.Source, Flags: netlab.ACK,
				Seq: data.Ack + 10_000_000, Ack: data.Next(), Payload: []byte("x"),
			}
			succeed(t, server.Forge(stray))
			await(t, passing, func(s netlab.Segment) bool { return s.Seq == stray.Seq })

			if test.dies {
				expectError(t, "the server's read", readError(far), syscall.ECONNRESET)
			} else {
				pass(t, near, far)
				pass(t, far, near)
			}
		})
	}
}
