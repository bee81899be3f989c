package scenarios

import (
	"context"
	"net/netip"
	"slices"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// startPeer starts a lab with one host, under this name, that has a peer
// without a TCP of its own. The host answers every segment that is not right.
func startPeer(name string, features ...netlab.Feature) (*lab.Lab, *netlab.Host, *netlab.Peer) {
	GinkgoHelper()
	l, network := StartNetwork(append(features, netlab.TUN)...)
	host := AddHost(l, network, name)
	peer, err := host.Peer()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(peer.Close)
	answerAll(host)
	return l, host, peer
}

// listen listens at the host "server" until the spec ends.
func listen(ctx SpecContext, l *lab.Lab) *lab.Listener {
	GinkgoHelper()
	listener, err := l.Host("server").Listen(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(listener.Close)
	return listener
}

// accept takes the next connection of a listener.
func accept(ctx SpecContext, listener *lab.Listener) *lab.Conn {
	GinkgoHelper()
	c, err := listener.Accept(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(c.Close)
	return c
}

// peerPort is the port that peers use.
const peerPort = 4711

// synTo is the segment by which a peer asks for a connection.
func synTo(p *netlab.Peer, listener *lab.Listener) netlab.Segment {
	return netlab.Segment{
		Source:      netip.AddrPortFrom(p.IP(), peerPort),
		Destination: netip.MustParseAddrPort(listener.Addr()),
		Seq:         1000, Flags: netlab.SYN, Window: 65535,
	}
}

// dialPeer has the host "client" connect to the peer, and returns its SYN.
// connected waits until the peer has answered that as it should.
func dialPeer(ctx SpecContext, l *lab.Lab, p *netlab.Peer) (syn netlab.Segment, connected func() *lab.Conn) {
	GinkgoHelper()
	dialing, cancel := context.WithCancel(ctx)
	dialed := make(chan *lab.Conn, 1)
	go func() {
		c, _ := l.Host("client").Dial(dialing, netip.AddrPortFrom(p.IP(), peerPort).String())
		dialed <- c
	}()
	connected = sync.OnceValue(func() *lab.Conn { return <-dialed })
	DeferCleanup(func() {
		cancel()
		connected().Close()
	})
	return hear(ctx, p, netlab.SYN), connected
}

// hear returns the next segment with one of these flags that the host sends to
// the peer. On a busy machine others may come before it, sent again.
func hear(ctx SpecContext, p *netlab.Peer, flags ...netlab.Flags) netlab.Segment {
	GinkgoHelper()
	for {
		segment, err := p.Receive(ctx)
		Expect(err).NotTo(HaveOccurred())
		if slices.Contains(flags, segment.Flags) {
			return segment
		}
	}
}

// hearReset returns the next RST that the host sends to the peer.
func hearReset(ctx SpecContext, p *netlab.Peer) netlab.Segment {
	GinkgoHelper()
	return hear(ctx, p, netlab.RST, netlab.RST|netlab.ACK)
}

// say sends a segment from the peer.
func say(p *netlab.Peer, s netlab.Segment) {
	GinkgoHelper()
	Expect(p.Send(s)).To(Succeed())
}

// replyTo is what follows upon a segment of the host that has been received:
// an ACK of it.
func replyTo(s netlab.Segment) netlab.Segment {
	return netlab.Segment{Source: s.Destination, Destination: s.Source, Seq: s.Ack, Ack: s.Next(),
		Flags: netlab.ACK, Window: 65535}
}

// shake connects the peer to a listener of the host, and returns the ACK that
// completes the handshake. What the peer sends next is of the same form.
func shake(ctx SpecContext, p *netlab.Peer, listener *lab.Listener) netlab.Segment {
	GinkgoHelper()
	say(p, synTo(p, listener))
	next := replyTo(hear(ctx, p, netlab.SYN|netlab.ACK))
	say(p, next)
	return next
}

// counters are what the kernel has counted at a host.
func counters(h *netlab.Host) map[string]int64 {
	GinkgoHelper()
	all, err := h.Counters()
	Expect(err).NotTo(HaveOccurred())
	return all
}

// countedSince is how far the counters of a host have moved, those that have.
func countedSince(h *netlab.Host, before map[string]int64) map[string]int64 {
	GinkgoHelper()
	moved := map[string]int64{}
	for name, now := range counters(h) {
		if by := now - before[name]; by != 0 {
			moved[name] = by
		}
	}
	return moved
}
