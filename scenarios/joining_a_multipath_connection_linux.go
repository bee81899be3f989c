package scenarios

import (
	"slices"
	"time"

	"github.com/gopacket/gopacket/layers"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A subflow joins a Multipath connection by the token that its first subflow
// agreed on. One with a token that the host does not know is reset, and the
// option MP_TCPRST in the RST says why; so is one that is more than the host
// allows. The connection goes on over the subflows that it has (RFC 8684,
// sections 3.2 and 3.6; net/mptcp/subflow.c, subflow_check_req).
var _ = Situation(catalogue.Situation{
	Name:  "joining-a-multipath-connection",
	Title: "Joining a Multipath TCP connection",
	Cause: "subflow-rejected",
	Drawing: `
peer                   server
  SYN, MP_JOIN ─────▶    unknown token
         ◀═══════════  RST ACK, MP_TCPRST
`,
	Client:     "nothing: the connection goes on over its other subflows",
	Server:     "nothing",
	Twin:       "the server allows it: the subflow joins",
	Unscripted: "a subflow that is refused needs another address or a forged token",
}, func() {
	const kind = layers.TCPOptionKindMultipathTCP
	join := layers.TCPOption{OptionType: kind, OptionLength: 12, // MP_JOIN, address 1, a token, a random number
		OptionData: []byte{0x10, 1, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4}}

	DescribeTable("with a token that nobody has given out",
		func(ctx SpecContext, multipath bool) {
			l, server, peer := startPeer("server", netlab.MPTCP)
			if multipath {
				server.UseMultipath()
			}
			listener := listen(ctx, l)
			before := counters(server)
			syn := synTo(peer, listener)
			syn.Options = []layers.TCPOption{join}

			say(peer, syn)
			answer := hear(ctx, peer, netlab.RST|netlab.ACK, netlab.SYN|netlab.ACK)
			moved := countedSince(server, before)

			if !multipath {
				Expect(answer.Flags).To(Equal(netlab.SYN | netlab.ACK))
				Expect(moved).NotTo(HaveKey("OutRsts"))
				return
			}
			Expect(answer).To(And(HaveField("Flags", netlab.RST|netlab.ACK), HaveField("Seq", BeZero())))
			at := slices.IndexFunc(answer.Options, func(o layers.TCPOption) bool { return o.OptionType == kind })
			Expect(at).NotTo(Equal(-1), "there is no option in %v", answer)
			Expect(answer.Options[at].OptionData).To(Equal([]byte{0x80, 1}), "MP_TCPRST: an error in the protocol")
			Expect(moved).To(And(HaveKeyWithValue("OutRsts", int64(1)),
				HaveKeyWithValue("MPJoinNoTokenFound", int64(1))))
			Expect(Recorded(l)).To(ShowReset(SentBy(evidence.KernelReply, "server"), Because("MPTCP_RST_EMPTCP"),
				WithFlags("RST ACK")))
		},
		Entry("is reset", true, Label("needs:root"), Limit),
		Entry("is a connection of its own to a server of plain TCP", false, Label("needs:root"), Limit),
	)

	DescribeTable("as one subflow more",
		func(ctx SpecContext, allowed int) {
			l, client, _, server := startMultipath()
			Expect(server.LimitSubflows(allowed)).To(Succeed())

			c, far := connectedTo(ctx, l, listen(ctx, l)) // a subflow needs the listener, too
			send(c, far, "a")
			send(far, c, "b")
			Eventually(ctx, func() int64 {
				return counters(server)["MPJoinAckRx"] + counters(client)["MPRstTx"]
			}).WithPolling(time.Millisecond).Should(BeNumerically(">", 0))
			send(c, far, "c")

			Note(c.Outcome(), far.Outcome())
			Expect(counters(server)["MPJoinAckRx"]).To(BeEquivalentTo(allowed))
			Expect(counters(server)["MPJoinRejected"]).To(BeEquivalentTo(1 - allowed))
			r := Recorded(l, c, far)
			if allowed > 0 {
				Expect(r).To(ShowNoReset())
				return
			}
			Expect(r).To(ShowReset(SentBy(evidence.KernelReply, "server"), Because("MPTCP_RST_EPROHIBIT"),
				WithFlags("RST")))
			Expect(r).To(ShowReset(SentBy(evidence.Application, "client"), Because("MPTCP_RST_EUNSPEC"),
				WithFlags("RST ACK")))
		},
		Entry("than the server allows is reset, and the client notices nothing", 0, Label("needs:netns"), Limit),
		Entry("is joined if the server allows it", 1, Label("needs:netns"), Limit),
	)
})
