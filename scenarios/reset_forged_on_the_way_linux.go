package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/claims"
)

// Whoever sees a connection pass by knows its sequence numbers and can end it
// with a RST in the name of either end. One that is exact is obeyed; one that
// is only in the window is challenged with an ACK, and any other is ignored
// (RFC 5961, section 3.2). What gives it away: the TCP of its alleged sender
// has sent none and lives on, and its TTL and IP id are another machine's.
//
//	client                 router                 server
//	  "a"    ───────────▶          ───────────▶
//	         ◀═══════════  RST                      ESTABLISHED
//	  read: ECONNRESET
var _ = Describe("A RST forged on the way", Label("cause:middlebox", "needs:netns"), func() {
	const ttl, id = 57, 0x7777 // not those of any host here
	// spy connects and returns a segment with data that the router saw pass.
	spy := func(ctx SpecContext) (
		router, server *netlab.Host, c, far *lab.Conn, wire *netlab.Tap, data netlab.Segment,
	) {
		GinkgoHelper()
		l, client, router, server := startTriple()
		answerAll(client)
		tap := tapAt(router)
		c, far = connected(ctx, l)
		send(c, far, "a")
		data, err := tap.Await(ctx, func(s netlab.Segment) bool { return len(s.Payload) > 0 })
		Expect(err).NotTo(HaveOccurred())
		_, err = tap.Await(ctx, func(s netlab.Segment) bool { return s.Outgoing && s.Ack == data.Next() })
		Expect(err).NotTo(HaveOccurred())
		return router, server, c, far, tapAt(client), data
	}
	// toClient is a RST to the client, so far from the next sequence number.
	toClient := func(data netlab.Segment, distance uint32) netlab.Segment {
		return netlab.Segment{Source: data.Destination, Destination: data.Source, Seq: data.Ack + distance,
			Flags: netlab.RST, TTL: ttl, ID: id}
	}

	It("resets one end, and the other end knows nothing", func(ctx SpecContext) {
		router, server, c, far, wire, data := spy(ctx)

		Expect(router.Forge(toClient(data, 0))).To(Succeed())
		clients.ReadAll(c)

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(resetsIn(wire)).To(ConsistOf(And(HaveField("TTL", uint8(ttl)), HaveField("ID", uint16(id)))))
		Expect(sentResets(server)).To(BeZero())
		Expect(state(far)).To(Equal("ESTABLISHED"))
		measured(claims.NotFromPeer, c.Outcome())
	}, limit)

	It("resets both ends", func(ctx SpecContext) {
		router, server, c, far, _, data := spy(ctx)

		Expect(router.Forge(toClient(data, 0))).To(Succeed())
		Expect(router.Forge(netlab.Segment{Source: data.Source, Destination: data.Destination, Seq: data.Next(),
			Flags: netlab.RST, TTL: ttl, ID: id})).To(Succeed())
		clients.ReadAll(c)
		clients.ReadAll(far)

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(far.Outcome()).To(EndIn("read", harness.Reset))
		Expect(sentResets(server)).To(BeZero())
		measured(claims.NotFromPeer, c.Outcome())
		measured(claims.NotFromPeer, far.Outcome())
	}, limit)

	DescribeTable("does nothing with another sequence number",
		func(ctx SpecContext, distance uint32, answered bool) {
			router, _, c, far, wire, data := spy(ctx)

			Expect(router.Forge(toClient(data, distance))).To(Succeed())
			arrived, err := wire.Await(ctx, func(s netlab.Segment) bool { return s.TTL == ttl })
			Expect(err).NotTo(HaveOccurred())
			if answered {
				challenge, err := wire.Await(ctx, func(s netlab.Segment) bool { return s.Outgoing && len(s.Payload) == 0 })
				Expect(err).NotTo(HaveOccurred())
				Expect(challenge.Flags).To(Equal(netlab.ACK))
			}
			send(far, c, "b")

			Expect(arrived.Seq).To(Equal(data.Ack + distance))
			Expect(state(c)).To(Equal("ESTABLISHED"))
			note(c.Outcome())
		},
		Entry("in the window: it is challenged", uint32(1), true, limit),
		Entry("out of the window: it is ignored", uint32(1<<30), false, limit),
	)
})
