package scenarios

import (
	"net/netip"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// An open connection answers a segment that cannot be right with an ACK that
// says what it expects, and lives on (RFC 9293, section 3.10.7.4; RFC 5961 for
// SYN and for an ACK of what was never sent). RST is the answer to a segment
// of a connection that is unknown.
var _ = Situation(catalogue.Situation{
	Name:   "incorrect-segments",
	Title:  "An incorrect segment of an open connection",
	Cause:  "inexact-reset",
	Labels: []string{"needs:netns"},
	Drawing: `
somebody               server
  "?"    ───────────▶    out of the window
         ◀───────────  ACK
                         ESTABLISHED
`,
	Client:     "nothing: the connection lives",
	Server:     "nothing: its kernel answers with an ACK",
	Twin:       "the segment is of an unknown connection: RST",
	Unscripted: "the segments come from no socket",
}, func() {
	// answer has the router forge a segment and returns the server's answer.
	answer := func(ctx SpecContext, spoil func(*netlab.Segment)) (answer netlab.Segment, c, far *lab.Conn) {
		GinkgoHelper()
		l, _, router, server := StartTriple()
		answerAll(server)
		passing, atServer := tapAt(router), tapAt(server)
		c, far = connected(ctx, l)
		send(c, far, "a")
		data, err := passing.Await(ctx, func(s netlab.Segment) bool { return len(s.Payload) > 0 })
		Expect(err).NotTo(HaveOccurred())
		_, err = atServer.Await(ctx, func(s netlab.Segment) bool { return s.Outgoing && s.Ack == data.Next() })
		Expect(err).NotTo(HaveOccurred())
		forged := netlab.Segment{Source: data.Source, Destination: data.Destination, Seq: data.Next(), Ack: data.Ack,
			Flags: netlab.ACK, TTL: 57}
		spoil(&forged)

		Expect(router.Forge(forged)).To(Succeed())

		_, err = atServer.Await(ctx, func(s netlab.Segment) bool { return s.TTL == forged.TTL })
		Expect(err).NotTo(HaveOccurred())
		answer, err = atServer.Await(ctx, func(s netlab.Segment) bool {
			return s.Outgoing && s.Source == forged.Destination
		})
		Expect(err).NotTo(HaveOccurred())
		return answer, c, far
	}

	DescribeTable("draws an ACK and not a RST", About(claims.IncorrectSegment),
		func(ctx SpecContext, spoil func(*netlab.Segment)) {
			got, c, far := answer(ctx, spoil)

			Expect(got.Flags).To(Equal(netlab.ACK), got.String())
			send(c, far, "b")
			Note(c.Outcome(), far.Outcome())
			Measured(claims.IncorrectSegment, drew(got))
		},
		Entry("if its data is out of the window", func(s *netlab.Segment) {
			s.Seq, s.Payload = s.Seq+1<<30, []byte("?")
		}, Limit),
		Entry("if it acknowledges what was never sent", func(s *netlab.Segment) { s.Ack += 1000 }, Limit),
		Entry("if it is a SYN", func(s *netlab.Segment) { s.Flags = netlab.SYN }, Limit),
		Entry("if it is a RST beside the next sequence number", func(s *netlab.Segment) {
			s.Flags, s.Seq = netlab.RST, s.Seq+1
		}, Limit),
	)

	It("draws a RST if the connection is another, which nobody has", About(claims.IncorrectSegment), func(ctx SpecContext) {
		got, c, far := answer(ctx, func(s *netlab.Segment) { s.Destination = portAfter(s.Destination) })

		Expect(got.Flags).To(Equal(netlab.RST), got.String())
		send(c, far, "b")
		Measured(claims.IncorrectSegment, drew(got), "the connection is unknown")
	}, Limit)
})

// answerAll has a host answer every segment that is not right, not only one in
// half a second for each connection: on a busy machine there may be another.
func answerAll(h *netlab.Host) {
	GinkgoHelper()
	Expect(h.SetSysctl("net.ipv4.tcp_invalid_ratelimit", "0")).To(Succeed())
}

// drew says what a segment drew, by its answer.
func drew(answer netlab.Segment) string {
	if answer.Flags&netlab.RST != 0 {
		return "reset"
	}
	return answer.Flags.String()
}

// portAfter is the next port of the same address.
func portAfter(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr(), a.Port()+1) }
