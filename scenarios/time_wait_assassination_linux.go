package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// Who closes first stays in TIME-WAIT so that delayed segments of the
// connection can do no harm to the next one. Such a segment is answered with an
// ACK, which the other end, that is done, answers with RST; and that RST ends
// TIME-WAIT before its time: assassination (RFC 1337, section 2). With
// tcp_rfc1337=1 the kernel ignores it (net/ipv4/tcp_minisocks.c,
// tcp_timewait_state_process).
var _ = Situation(catalogue.Situation{
	Name:   "time-wait-assassination",
	Title:  "TIME-WAIT assassination",
	Cause:  "time-wait-assassinated",
	Labels: []string{"needs:root"},
	Drawing: `
server                 peer
TIME_WAIT ◀──────────  "x", delayed
         ───────────▶  ACK
         ◀═══════════  RST
CLOSE
`,
	Client:     "nothing: its TIME-WAIT ends",
	Server:     "nothing: its kernel sends the RST",
	Twin:       "with tcp_rfc1337=1 TIME-WAIT stays",
	Unscripted: "a segment is delayed on the way",
}, func() {
	DescribeTable("by the RST that a delayed segment brings about",
		func(ctx SpecContext, rfc1337 string, delayed, forgotten bool) {
			l, server, peer := startPeer("server")
			Expect(server.SetSysctl("net.ipv4.tcp_rfc1337", rfc1337)).To(Succeed())
			listener := listen(ctx, l)
			old := shake(ctx, peer, listener)
			c := accept(ctx, listener)
			finish(ctx, peer, c)
			Expect(listener.Close()).To(Succeed())
			old.Payload = []byte("x")

			if delayed {
				say(peer, old)
				ack := hear(ctx, peer, netlab.ACK)
				say(peer, netlab.Segment{Source: ack.Destination, Destination: ack.Source, Seq: ack.Ack,
					Flags: netlab.RST})
			}
			say(peer, old)
			answer := hear(ctx, peer, netlab.ACK, netlab.RST)

			if forgotten {
				Expect(answer.Flags).To(Equal(netlab.RST), "nobody knows the connection: %v", answer)
				Expect(Recorded(l)).To(ShowReset(Because("NO_SOCKET")))
				return
			}
			Expect(answer.Flags).To(Equal(netlab.ACK), "TIME-WAIT answers: %v", answer)
			Expect(sentResets(server)).To(BeZero())
		},
		Entry("succeeds", "0", true, true, Limit),
		Entry("fails where the kernel heeds RFC 1337", "1", true, false, Limit),
		Entry("does not happen without the delayed segment", "0", false, false, Limit),
	)
})

// finish has the host close the connection first and the peer then, so that
// the host's end is in TIME-WAIT.
func finish(ctx SpecContext, p *netlab.Peer, c interface{ Close() error }) {
	GinkgoHelper()
	Expect(c.Close()).To(Succeed())
	finished := replyTo(hear(ctx, p, netlab.FIN|netlab.ACK))
	finished.Flags |= netlab.FIN
	say(p, finished)
	Expect(hear(ctx, p, netlab.ACK).Ack).To(Equal(finished.Next()))
}
