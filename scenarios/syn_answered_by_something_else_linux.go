package scenarios

import (
	"encoding/binary"

	"github.com/gopacket/gopacket/layers"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A client in SYN-SENT resets what answers another SYN than its own: the other
// end holds an old connection, or somebody guesses. It goes on waiting for its
// own answer (RFC 9293, section 3.10.7.3; RFC 7323, section 3.2, for the time
// stamp; net/ipv4/tcp_input.c, tcp_rcv_synsent_state_process).
var _ = Situation(catalogue.Situation{
	Name:   "syn-answered-by-something-else",
	Title:  "A SYN answered by something else",
	Cause:  "wrong-answer-to-syn",
	Labels: []string{"needs:root"},
	Drawing: `
client                 peer
  SYN    ───────────▶
         ◀───────────  SYN ACK of something else
  RST    ═══════════▶
  SYN_SENT
`,
	Client:     "nothing: its kernel resets the answer and waits on",
	Server:     "its answer is reset",
	Twin:       "the answer is its own: the connection is made",
	Unscripted: "the segments come from no socket",
}, func() {
	DescribeTable("is what the client resets, and it waits on",
		func(ctx SpecContext, spoil func(*netlab.Segment), reason, counter string) {
			l, client, peer := startPeer("client")
			syn, connected := dialPeer(ctx, l, peer)
			before := counters(client)
			wrong := synAckOf(syn)
			spoil(&wrong)

			say(peer, wrong)
			rst := hear(ctx, peer, netlab.RST)
			moved := countedSince(client, before)
			say(peer, synAckOf(syn))

			Expect(rst).To(And(HaveField("Seq", wrong.Ack), HaveField("Window", BeZero()), HaveField("ID", BeZero())))
			Expect(moved).To(And(HaveKeyWithValue("OutRsts", int64(1)), HaveKeyWithValue(counter, int64(1))))
			Expect(moved).NotTo(HaveKey("AttemptFails"))
			Expect(state(connected())).To(Equal("ESTABLISHED"))
			Expect(Recorded(l, connected())).To(ShowReset(SentBy(evidence.KernelReply, "client"), Because(reason),
				WithFlags("RST")))
		},
		Entry("that acknowledges what was never sent", func(s *netlab.Segment) { s.Ack++ },
			"TCP_INVALID_ACK_SEQUENCE", "OutRsts", Limit),
		Entry("that echoes a time stamp that was never sent", func(s *netlab.Segment) {
			binary.BigEndian.PutUint32(s.Options[0].OptionData[4:], stamp(*s)-1<<30)
		}, "TCP_RFC7323_PAWS", "PAWSActive", Limit),
	)

	It("is no matter if the answer is its own", func(ctx SpecContext) {
		l, client, peer := startPeer("client")
		syn, connected := dialPeer(ctx, l, peer)

		say(peer, synAckOf(syn))

		Expect(state(connected())).To(Equal("ESTABLISHED"))
		Expect(sentResets(client)).To(BeZero())
		Expect(Recorded(l, connected())).To(ShowNoReset())
	}, Limit)
})

// synAckOf answers a SYN, and echoes its time stamp.
func synAckOf(syn netlab.Segment) netlab.Segment {
	answer := replyTo(syn)
	answer.Seq, answer.Flags = 7, netlab.SYN|netlab.ACK
	for _, option := range syn.Options {
		if option.OptionType == layers.TCPOptionKindTimestamps {
			data := make([]byte, 8)
			binary.BigEndian.PutUint32(data, 1)
			copy(data[4:], option.OptionData[:4])
			answer.Options = []layers.TCPOption{{OptionType: option.OptionType, OptionLength: 10, OptionData: data}}
		}
	}
	return answer
}

// stamp is the time stamp that a segment echoes.
func stamp(s netlab.Segment) uint32 { return binary.BigEndian.Uint32(s.Options[0].OptionData[4:]) }
