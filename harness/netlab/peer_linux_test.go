package netlab_test

import (
	"context"
	"net/netip"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

// peerOf puts a peer at a host that is alone in a lab under the name "server".
func peerOf(t *testing.T) (*lab.Lab, *netlab.Host, *netlab.Peer) {
	t.Helper()
	l := newLab(t)
	n, err := netlab.New()
	available(t, err)
	l.Own(n)
	h := host(t, n, "server")
	peer, err := h.Peer()
	available(t, err)
	t.Cleanup(func() { succeed(t, peer.Close()) })
	if _, err := l.AddHost("server", h); err != nil {
		t.Fatal(err)
	}
	return l, h, peer
}

// receive returns the next segment with these flags. On a busy machine others
// may come before it, sent again because an answer was late.
func receive(t *testing.T, p *netlab.Peer, flags netlab.Flags) netlab.Segment {
	t.Helper()
	ctx := within(t)
	for {
		segment, err := p.Receive(ctx)
		if err != nil {
			t.Fatalf("no %v: %v", flags, err)
		}
		if segment.Flags == flags {
			return segment
		}
	}
}

// shake connects the peer to a listener of the host. It returns the segment
// that the peer would send next, without data, and the host's end.
func shake(t *testing.T, l *lab.Lab, p *netlab.Peer) (next netlab.Segment, end *lab.Conn) {
	t.Helper()
	listener, err := l.Host("server").Listen(within(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	syn := netlab.Segment{
		Source: netip.AddrPortFrom(p.IP(), 4711), Destination: at(listener.TCP().Addr()),
		Seq: 1000, Flags: netlab.SYN, Window: 65535,
	}
	succeed(t, p.Send(syn))
	answer := receive(t, p, netlab.SYN|netlab.ACK)
	if answer.Ack != syn.Next() {
		t.Fatalf("the SYN was answered by %v", answer)
	}
	next = syn
	next.Seq, next.Ack, next.Flags = syn.Next(), answer.Next(), netlab.ACK
	succeed(t, p.Send(next))
	end, err = listener.Accept(within(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end.Close() })
	return next, end
}

func TestAPeerSendsWhatNoKernelWould(t *testing.T) {
	for _, test := range []struct {
		name  string
		forge func(next *netlab.Segment)
		want  error // of the read; nil: it is challenged, and the connection lives
	}{
		{"a RST with text in it", func(s *netlab.Segment) {
			s.Flags, s.Payload = netlab.RST, []byte("go away")
		}, syscall.ECONNRESET},
		{"an acknowledgment of what was never sent", func(s *netlab.Segment) {
			s.Ack += 1000
		}, nil},
		{"a RST that overtook the data", func(s *netlab.Segment) {
			s.Flags, s.Seq = netlab.RST, s.Seq+1
		}, nil},
		{"a SYN in the window", func(s *netlab.Segment) {
			s.Flags = netlab.SYN
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, h, peer := peerOf(t)
			succeed(t, h.SetSysctl("net.ipv4.tcp_invalid_ratelimit", "0"))
			next, end := shake(t, l, peer)
			forged := next
			test.forge(&forged)

			succeed(t, peer.Send(forged))

			if test.want != nil {
				expectError(t, "read", readError(end), test.want)
				return
			}
			if answer := receive(t, peer, netlab.ACK); answer.Ack != next.Seq {
				t.Errorf("%v was answered by %v, want an ACK of %d", forged, answer, next.Seq)
			}
			next.Payload = []byte("x")
			succeed(t, peer.Send(next))
			succeed(t, readError(end))
		})
	}
}

// The SYN-ACK acknowledges what was never sent: RST, and the connection goes
// on waiting for its own (RFC 9293, section 3.5.2).
func TestAHostConnectsToAPeer(t *testing.T) {
	_, h, peer := peerOf(t)
	ctx, cancel := context.WithCancel(within(t))
	done := make(chan error, 1)
	go func() { done <- dialError(ctx, h, netip.AddrPortFrom(peer.IP(), 80).String()) }()
	syn := receive(t, peer, netlab.SYN)
	answer := netlab.Segment{
		Source: syn.Destination, Destination: syn.Source, Flags: netlab.SYN | netlab.ACK,
		Seq: 7, Ack: syn.Next() + 1, Window: 65535,
	}

	succeed(t, peer.Send(answer))

	if got := receive(t, peer, netlab.RST); got.Seq != answer.Ack {
		t.Errorf("answered by %v, want a RST at %d", got, answer.Ack)
	}
	answer.Ack = syn.Next()
	succeed(t, peer.Send(answer))
	receive(t, peer, netlab.ACK)
	succeed(t, <-done)
	cancel()
}

func TestAPeerWaitsUntilTheContextEnds(t *testing.T) {
	_, _, peer := peerOf(t)
	ctx, cancel := context.WithCancel(within(t))
	cancel()

	_, err := peer.Receive(ctx)

	expectError(t, "receive", err, context.Canceled)
}
