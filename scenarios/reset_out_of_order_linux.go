package scenarios

import (
	"github.com/gopacket/gopacket/layers"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A RST is obeyed at exactly the next sequence number. One that overtook the
// data before it is not there yet: it is challenged, and the data is read as if
// nothing had been. Where the receiver has said by SACK what it has behind a
// hole, the RST at the right edge of that counts as exact, too: its sender does
// not know the hole (RFC 5961, section 3.2; net/ipv4/tcp_input.c,
// tcp_validate_incoming). A RST with a wrong checksum is none.
var _ = Situation(catalogue.Situation{
	Name:   "reset-out-of-order",
	Title:  "A RST out of order",
	Cause:  "inexact-reset",
	Labels: []string{"needs:root"},
	Drawing: `
server                 peer
         ◀═══════════  RST behind "x"
  ACK    ───────────▶
         ◀───────────  "x"
  read: "x"
`,
	Client:     "the data; ECONNRESET only at the exact number",
	Server:     "sends the RST",
	Twin:       "the data has come: the RST is obeyed",
	Unscripted: "the order of segments is changed on the way",
}, func() {
	// meet connects the peer, which can do SACK, to a server.
	meet := func(ctx SpecContext) (
		l *lab.Lab, server *netlab.Host, peer *netlab.Peer, next netlab.Segment, c *lab.Conn,
	) {
		GinkgoHelper()
		l, server, peer = startPeer("server")
		listener := listen(ctx, l)
		syn := synTo(peer, listener)
		syn.Options = []layers.TCPOption{{OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2}}
		say(peer, syn)
		next = replyTo(hear(ctx, peer, netlab.SYN|netlab.ACK))
		say(peer, next)
		return l, server, peer, next, accept(ctx, listener)
	}
	at := func(s netlab.Segment, distance uint32, text string) netlab.Segment {
		s.Seq, s.Payload = s.Seq+distance, []byte(text)
		return s
	}
	rst := func(s netlab.Segment, distance uint32) netlab.Segment {
		s.Seq, s.Flags = s.Seq+distance, netlab.RST
		return s
	}

	It("that overtook data is challenged, and the data is read", func(ctx SpecContext) {
		l, server, peer, next, c := meet(ctx)
		before := counters(server)

		say(peer, rst(next, 1))
		challenge := hear(ctx, peer, netlab.ACK)
		say(peer, at(next, 0, "x"))
		clients.ReadByte(c)

		Expect(challenge.Ack).To(Equal(next.Seq))
		Expect(countedSince(server, before)).To(HaveKeyWithValue("TCPChallengeACK", int64(1)))
		Expect(c.Outcome()).To(And(HaveField("Ending", harness.Open), HaveField("Received", int64(1))))
		Expect(Recorded(l, c)).To(ShowReset(SentBy(evidence.Between, "")))
	}, Limit)

	It("is obeyed when the data has come", func(ctx SpecContext) {
		_, _, peer, next, c := meet(ctx)

		say(peer, at(next, 0, "x"))
		say(peer, rst(next, 1))
		clients.ReadByte(c)
		clients.ReadByte(c)

		Expect(c.Outcome()).To(And(EndIn("read", harness.Reset), HaveField("Received", int64(1))))
	}, Limit)

	DescribeTable("at the right edge of what is behind a hole",
		func(ctx SpecContext, behind string, ending harness.Ending, challenged int) {
			_, server, peer, next, c := meet(ctx)
			if behind != "" {
				say(peer, at(next, 10, behind))
				Expect(sacks(hear(ctx, peer, netlab.ACK))).To(BeTrue(), "the host says by SACK what it has")
			}
			before := counters(server)

			say(peer, rst(next, 15))
			say(peer, at(next, 0, "x"))
			clients.ReadByte(c)

			Expect(c.Outcome().Ending).To(Equal(ending), c.Outcome().String())
			Expect(countedSince(server, before)["TCPChallengeACK"]).To(BeEquivalentTo(challenged))
		},
		Entry("is obeyed", "later", harness.Reset, 0, Limit),
		Entry("is challenged if there is nothing", "", harness.Open, 1, Limit),
	)

	DescribeTable("by its checksum",
		func(ctx SpecContext, bad bool, ending harness.Ending, wrong int) {
			_, server, peer, next, c := meet(ctx)
			before := counters(server)
			reset := rst(next, 0)
			reset.BadChecksum = bad

			say(peer, reset)
			say(peer, at(next, 0, "x"))
			clients.ReadByte(c)

			Expect(c.Outcome().Ending).To(Equal(ending), c.Outcome().String())
			Expect(countedSince(server, before)["InCsumErrors"]).To(BeEquivalentTo(wrong))
		},
		Entry("is dropped if that is wrong", true, harness.Open, 1, Limit),
		Entry("is obeyed if that is right", false, harness.Reset, 0, Limit),
	)
})

// sacks says whether a segment says what its sender has behind a hole.
func sacks(s netlab.Segment) bool {
	for _, option := range s.Options {
		if option.OptionType == layers.TCPOptionKindSACK {
			return true
		}
	}
	return false
}
