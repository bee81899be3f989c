package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// Whoever sees a connection pass by knows its sequence numbers and can end it
// with a RST in the name of either end. One that is exact is obeyed; one that
// is only in the window is challenged with an ACK, and any other is ignored
// (RFC 5961, section 3.2). What gives it away: the TCP of its alleged sender
// has sent none and lives on, and its TTL and IP id are another machine's.
var _ = Situation(catalogue.Situation{
	Name:   "reset-forged-on-the-way",
	Title:  "A RST forged on the way",
	Cause:  "forged",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 router                 server
  "a"    ───────────▶          ───────────▶
         ◀═══════════  RST                      ESTABLISHED
  read: ECONNRESET
`,
	Client:     "read: ECONNRESET",
	Server:     "nothing until it speaks, then ECONNRESET",
	Twin:       "another sequence number: it is challenged or ignored",
	Unscripted: "the RST comes from no socket",
}, func() {
	// spy connects and returns a segment with data that the router saw pass.
	spy := func(ctx SpecContext) (
		l *lab.Lab, router, server *netlab.Host, c, far *lab.Conn, wire *netlab.Tap, data netlab.Segment,
	) {
		GinkgoHelper()
		l, client, router, server := StartTriple()
		answerAll(client)
		tap := tapAt(router)
		c, far = connected(ctx, l)
		send(c, far, "a")
		data, err := tap.Await(ctx, func(s netlab.Segment) bool { return len(s.Payload) > 0 })
		Expect(err).NotTo(HaveOccurred())
		_, err = tap.Await(ctx, func(s netlab.Segment) bool { return s.Outgoing && s.Ack == data.Next() })
		Expect(err).NotTo(HaveOccurred())
		return l, router, server, c, far, tapAt(client), data
	}

	It("resets one end, and the other end knows nothing", Named("one-end"), About(claims.NotFromPeer), func(ctx SpecContext) {
		_, router, server, c, far, wire, data := spy(ctx)

		toClient, _ := forgedResets(data)
		Expect(router.Forge(toClient)).To(Succeed())
		clients.ReadAll(c)

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(resetsIn(wire)).To(ConsistOf(And(HaveField("TTL", toClient.TTL), HaveField("ID", toClient.ID))))
		Expect(sentResets(server)).To(BeZero())
		Expect(state(far)).To(Equal("ESTABLISHED"))
		Measured(claims.NotFromPeer, c.Outcome())
	}, Limit)

	It("resets one end, and the other end when that speaks", func(ctx SpecContext) {
		l, router, _, c, far, _, data := spy(ctx)

		toClient, _ := forgedResets(data)
		Expect(router.Forge(toClient)).To(Succeed())
		clients.ReadAll(c)
		clients.WriteByte(far)
		clients.ReadAll(far)

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(far.Outcome()).To(EndIn("read", harness.Reset))
		Expect(Recorded(l, c, far)).To(SatisfyAll(
			ShowReset(SentBy(evidence.Between, "")),
			ShowReset(SentBy(evidence.KernelReply, "client"), Because("NO_SOCKET"), WithFlags("RST"))))
		Note(c.Outcome(), far.Outcome())
	}, Limit)

	It("resets both ends", About(claims.NotFromPeer), func(ctx SpecContext) {
		l, router, _, c, far, _, data := spy(ctx)

		toClient, toServer := forgedResets(data)
		Expect(router.Forge(toClient)).To(Succeed())
		Expect(router.Forge(toServer)).To(Succeed())
		clients.ReadAll(c)
		clients.ReadAll(far)

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(far.Outcome()).To(EndIn("read", harness.Reset))
		recording := Recorded(l, c, far)
		Expect(recording.Resets).To(HaveLen(2))
		Expect(recording).To(SatisfyAll(ShowReset(SentBy(evidence.Between, "")), MoveCounter("OutRsts", 0)))
		Measured(claims.NotFromPeer, c.Outcome())
		Measured(claims.NotFromPeer, far.Outcome())
	}, Limit)

	DescribeTable("does nothing with another sequence number",
		func(ctx SpecContext, distance uint32, answered bool) {
			_, router, _, c, far, wire, data := spy(ctx)

			forged, _ := forgedResets(data)
			forged.Seq += distance
			Expect(router.Forge(forged)).To(Succeed())
			arrived, err := wire.Await(ctx, func(s netlab.Segment) bool { return s.TTL == forged.TTL })
			Expect(err).NotTo(HaveOccurred())
			if answered {
				challenge, err := wire.Await(ctx, func(s netlab.Segment) bool {
					return s.Outgoing && len(s.Payload) == 0
				})
				Expect(err).NotTo(HaveOccurred())
				Expect(challenge.Flags).To(Equal(netlab.ACK))
			}
			send(far, c, "b")

			Expect(arrived.Seq).To(Equal(forged.Seq))
			Expect(state(c)).To(Equal("ESTABLISHED"))
			Note(c.Outcome())
		},
		Entry("in the window: it is challenged", uint32(1), true, Limit),
		Entry("out of the window: it is ignored", uint32(1<<30), false, Limit),
	)
})

// forgedResets returns the RSTs that the sender and the receiver of a segment
// obey while nothing follows it, each in the name of the other.
func forgedResets(passed netlab.Segment) (toSender, toReceiver netlab.Segment) {
	const ttl, id = 57, 0x7777 // not those of any host here
	toSender = netlab.Segment{
		Source: passed.Destination, Destination: passed.Source, Seq: passed.Ack,
		Flags: netlab.RST, TTL: ttl, ID: id,
	}
	toReceiver = netlab.Segment{
		Source: passed.Source, Destination: passed.Destination, Seq: passed.Next(),
		Flags: netlab.RST, TTL: ttl, ID: id,
	}
	return toSender, toReceiver
}
