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

// Two ends that connect to each other at the same time make one connection
// (RFC 9293, section 3.5, figure 7). Between the SYNs and the ACK each is in
// SYN-RECEIVED, where an ACK of anything but its own SYN is answered with RST
// and nothing else changes (section 3.10.7.4; net/ipv4/tcp_input.c, tcp_ack).
var _ = Situation(catalogue.Situation{
	Name:   "simultaneous-open",
	Title:  "A simultaneous open",
	Cause:  "simultaneous-open",
	Labels: []string{"needs:root"},
	Drawing: `
client                 peer
  SYN    ───────────▶
         ◀───────────  SYN
  SYN ACK ──────────▶
         ◀───────────  ACK of something else
  RST    ═══════════▶
  SYN_RECV
`,
	Client: "nothing: its kernel resets the wrong segment and waits on",
	Server: "sends what acknowledges something else",
	Twin:   "both keep to it: one connection",
	Script: `
--- ends-in-one-connection-if-both-keep-to-it
client bind; peer bind
network drops all toward peer
client set nonblocking on
client connect to peer → EINPROGRESS
network passes all toward peer
peer connect to client → ok
client so_error → none
client write "a" → 1
peer read 1 → "a"
`,
}, func() {
	DescribeTable("resets what acknowledges something else, and waits on",
		func(ctx SpecContext, distance uint32, reason string) {
			l, client, peer := startPeer("client")
			syn, connected := dialPeer(ctx, l, peer)
			say(peer, netlab.Segment{Source: syn.Destination, Destination: syn.Source, Seq: 7,
				Flags: netlab.SYN, Window: 65535})
			right := replyTo(hear(ctx, peer, netlab.SYN|netlab.ACK))
			before := counters(client)
			wrong := right
			wrong.Ack += distance

			say(peer, wrong)
			rst := hear(ctx, peer, netlab.RST)
			moved := countedSince(client, before)
			say(peer, right)

			Expect(rst.Seq).To(Equal(wrong.Ack))
			Expect(moved).To(HaveKeyWithValue("OutRsts", int64(1)))
			Expect(moved).NotTo(HaveKey("AttemptFails"))
			Expect(state(connected())).To(Equal("ESTABLISHED"))
			Expect(Recorded(l, connected())).To(ShowReset(SentBy(evidence.KernelReply, "client"), Because(reason),
				WithFlags("RST")))
		},
		Entry("that was never sent", uint32(1), "TCP_ACK_UNSENT_DATA", Limit),
		Entry("that is older than the SYN", ^uint32(0)-1000, "TCP_TOO_OLD_ACK", Limit),
	)

	It("ends in one connection if both keep to it", func(ctx SpecContext) {
		l, client, peer := startPeer("client")
		syn, connected := dialPeer(ctx, l, peer)

		say(peer, netlab.Segment{Source: syn.Destination, Destination: syn.Source, Seq: 7,
			Flags: netlab.SYN, Window: 65535})
		right := replyTo(hear(ctx, peer, netlab.SYN|netlab.ACK))
		say(peer, right)

		Expect(state(connected())).To(Equal("ESTABLISHED"))
		Expect(sentResets(client)).To(BeZero())
		Expect(Recorded(l, connected())).To(And(ShowNoReset(),
			ShowStates("client", "SYN_SENT", "SYN_RECV", "ESTABLISHED")))
	}, Limit)
})
