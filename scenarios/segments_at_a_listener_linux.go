package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A listener takes SYNs, and the ACK that completes a handshake of its own. It
// resets any other ACK: mostly it is of a connection that the program had
// before it was restarted (RFC 9293, section 3.10.7.2; the kernel calls it
// TCP_FLAGS). The request that a SYN left behind lives on; another SYN in its
// window ends it (net/ipv4/tcp_minisocks.c, tcp_check_req).
var _ = Situation(catalogue.Situation{
	Name:   "segments-at-a-listener",
	Title:  "A segment out of the blue at a listener",
	Cause:  "stray-segment",
	Labels: []string{"needs:root"},
	Drawing: `
peer                   listener
  SYN    ───────────▶
         ◀───────────  SYN ACK
  ACK of something else ▶
         ◀═══════════  RST
`,
	Client:     "its segment is answered with RST",
	Server:     "nothing",
	Twin:       "who keeps to the handshake is reset by nobody",
	Unscripted: "the segments come from no socket",
}, func() {
	// draw sends a segment to the listener, or to its request, and returns the
	// RST that it draws. The handshake is completed afterwards if it can be.
	draw := func(ctx SpecContext, spoil func(*netlab.Segment), requested, cookies, survives bool) (
		sent, rst netlab.Segment, moved map[string]int64, recording *evidence.Recording,
	) {
		GinkgoHelper()
		l, server, peer := startPeer("server")
		if cookies { // always, and not only when the queue of requests is full
			Expect(server.SetSysctl("net.ipv4.tcp_syncookies", "2")).To(Succeed())
		}
		listener := listen(ctx, l)
		next := synTo(peer, listener)
		if requested {
			say(peer, next)
			next = replyTo(hear(ctx, peer, netlab.SYN|netlab.ACK))
		}
		before := counters(server)
		sent = next
		spoil(&sent)

		say(peer, sent)
		rst = hearReset(ctx, peer)
		moved = countedSince(server, before)
		if !survives {
			return sent, rst, moved, Recorded(l)
		}
		say(peer, next)
		c := accept(ctx, listener)
		Expect(state(c)).To(Equal("ESTABLISHED"))
		return sent, rst, moved, Recorded(l, c)
	}
	wrongACK := func(s *netlab.Segment) { s.Ack += 1000 }

	DescribeTable("resets an ACK that completes no handshake",
		func(ctx SpecContext, spoil func(*netlab.Segment), requested, cookies bool, counter string) {
			sent, rst, moved, recording := draw(ctx, spoil, requested, cookies, requested)

			Expect(rst).To(And(HaveField("Flags", netlab.RST), HaveField("Seq", sent.Ack),
				HaveField("Window", BeZero())))
			Expect(moved).To(And(HaveKeyWithValue("OutRsts", int64(1)), HaveKeyWithValue(counter, int64(1))))
			Expect(recording).To(ShowReset(SentBy(evidence.KernelReply, "server"), Because("TCP_FLAGS"),
				WithFlags("RST")))
		},
		Entry("out of the blue", func(s *netlab.Segment) {
			s.Flags, s.Ack = netlab.ACK, 7
		}, false, false, "OutRsts", Limit),
		Entry("that acknowledges another SYN-ACK, and keeps the request", wrongACK, true, false, "OutRsts", Limit),
		Entry("that bears no SYN cookie of its own", wrongACK, true, true, "SyncookiesFailed", Limit),
	)

	It("gives a request up for another SYN in its window", func(ctx SpecContext) {
		_, rst, moved, recording := draw(ctx, func(s *netlab.Segment) {
			s.Flags, s.Ack, s.Seq = netlab.SYN, 0, s.Seq+100
		}, true, false, false)

		Expect(rst).To(And(HaveField("Flags", netlab.RST|netlab.ACK), HaveField("Seq", BeZero())))
		Expect(moved).To(And(HaveKeyWithValue("EmbryonicRsts", int64(1)), HaveKeyWithValue("AttemptFails", int64(1))))
		Expect(recording).To(ShowReset(SentBy(evidence.KernelReply, "server"), Because("INVALID_SYN"),
			WithFlags("RST ACK")))
	}, Limit)

	DescribeTable("resets nobody who keeps to the handshake",
		func(ctx SpecContext, cookies string) {
			l, server, peer := startPeer("server")
			Expect(server.SetSysctl("net.ipv4.tcp_syncookies", cookies)).To(Succeed())
			listener := listen(ctx, l)

			say(peer, synTo(peer, listener))
			hear(ctx, peer, netlab.SYN|netlab.ACK)
			shake(ctx, peer, listener) // the same SYN once more, as if the answer were lost
			c := accept(ctx, listener)

			Expect(state(c)).To(Equal("ESTABLISHED"))
			Expect(sentResets(server)).To(BeZero())
			Expect(Recorded(l, c)).To(ShowNoReset())
		},
		Entry("without cookies", "0", Limit),
		Entry("with cookies", "2", Limit),
	)
})
