package record_test

import (
	"net/netip"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

// throughNAT makes a connection to the router, which redirects it to the
// server, has a byte go each way, and leaves the rest to run.
func throughNAT(run func(t *testing.T, router *netlab.Host, near, far *lab.Conn)) func(*testing.T, *lab.Lab) {
	return between(func(t *testing.T, l *lab.Lab, _, router, server *netlab.Host) {
		listener, err := l.Host("server").Listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		real := netip.MustParseAddrPort(listener.Addr())
		virtual := netip.AddrPortFrom(router.IP(), real.Port())
		if err := router.Translate(netlab.NAT{From: virtual, To: real}); err != nil {
			t.Skip(err)
		}
		near := dial(t, l, virtual.String())
		defer near.Close()
		far, err := listener.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer far.Close()
		write(t, near, "a")
		readByte(far)
		write(t, far, "b")
		readByte(near)
		run(t, router, near, far)
	})
}

// The two sides of a NAT are one connection: what the NAT passes on is drawn
// in two steps, and is one RST.
func TestTwoSidesOfANAT(t *testing.T) {
	for _, lanes := range []*capture.Lanes{open(t), open(t, evidence.Wire, evidence.Counters)} {
		r := recordRun(t, lanes, lanes.Address(), throughNAT(func(t *testing.T, _ *netlab.Host, near, far *lab.Conn) {
			write(t, near, "lost")
			if err := far.CloseUnread(t.Context()); err != nil {
				t.Fatal(err)
			}
			reset(t, near)
		}))

		if len(r.Flows) != 2 || r.Flows[0].NAT != "" || r.Flows[1].NAT != "router" || r.Flows[1].Near != 0 {
			t.Fatalf("got %+v, want the second to be the far side of the first at the router", r.Flows)
		}
		for _, event := range r.Events {
			if p := event.Packet; p != nil && (event.Host != "router" && p.To != "router" || p.Dropped) {
				t.Errorf("%v: want it to go by way of the router, and to arrive", &event)
			}
		}
		if len(r.Resets) != 1 {
			t.Fatalf("%d resets, want 1:\n%v", len(r.Resets), r)
		}
		got := r.Resets[0]
		if got.Sender != evidence.Application || got.Host != "server" || got.Reason != "TCP_ABORT_ON_CLOSE" {
			t.Errorf("got %v, want the server's, which closed with unread data", &got)
		}
		if len(got.Lost) != 1 || got.Lost[0] != (evidence.Loss{From: "client", Written: 5, Delivered: 1}) {
			t.Errorf("lost %+v, want 4 of the client's 5 bytes", got.Lost)
		}
	}
}

// A NAT that forgot the connection passes nothing on: it answers for itself,
// and the server's segments come to the client as they are.
func TestPastANAT(t *testing.T) {
	for _, lanes := range []*capture.Lanes{open(t), open(t, evidence.Wire, evidence.Counters)} {
		r := recordRun(t, lanes, lanes.Address(), throughNAT(func(t *testing.T, router *netlab.Host, near, far *lab.Conn) {
			if err := router.SetSysctl("net.netfilter.nf_conntrack_tcp_loose", "0"); err != nil {
				t.Fatal(err)
			}
			if err := router.ForgetFlows(); err != nil {
				t.Fatal(err)
			}
			write(t, near, "c")
			reset(t, near)
			write(t, far, "d")
			reset(t, far)
		}))

		for i, want := range []struct{ host, to string }{{"router", "client"}, {"client", "server"}} {
			if len(r.Resets) != 2 {
				t.Fatalf("%d resets, want 2:\n%v", len(r.Resets), r)
			}
			got := r.Resets[i]
			if to := r.Events[got.Event].Packet.To; got.Sender != evidence.KernelReply || got.Host != want.host || to != want.to {
				t.Errorf("got %v to %s, want the answer of the %s's kernel to the %s", &got, to, want.host, want.to)
			}
			if i == 1 && got.Lost != nil {
				t.Errorf("lost %+v once more: it is the same connection", got.Lost)
			}
		}
	}
}

// Two connections of one client, to a NAT and to the server behind it, are two.
func TestBesideANAT(t *testing.T) {
	lanes := open(t)
	r := recordRun(t, lanes, lanes.Address(), between(func(t *testing.T, l *lab.Lab, _, _, _ *netlab.Host) {
		for _, name := range []string{"router", "server"} {
			listener, err := l.Host(name).Listen(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			defer dial(t, l, listener.Addr()).Close()
		}
	}))
	if len(r.Flows) != 2 || r.Flows[0].NAT != "" || r.Flows[1].NAT != "" {
		t.Errorf("got %+v, want two that have nothing to do with each other", r.Flows)
	}
}
