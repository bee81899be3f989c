package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A RST is sent once and never again: nobody is left to notice that it was
// lost. If the server's own firewall drops it, the server believes that it has
// reset the client, its kernel counts the RST (OutRsts, and TCPAbortFailed,
// tcp_send_active_reset) and traces it, and there is none. The client is half
// open until it speaks: then it meets a server that does not know it.
var _ = Situation(catalogue.Situation{
	Name:   "reset-that-cannot-leave",
	Title:  "A RST that cannot leave",
	Cause:  "reset-lost",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 server
  ESTABLISHED            close, SO_LINGER 0
                         firewall: drops the RST
  "a"    ───────────▶    no socket
         ◀═══════════  RST, once the firewall lets it
  read: ECONNRESET
`,
	Client: "nothing until it speaks",
	Server: "close: 0",
	Twin:   "the RST can leave: ECONNRESET at once",
	Script: `
--- is-counted-and-leaves-the-client-half-open-until-it-speaks
network drops rst toward client
server abort → ok
client state → ESTABLISHED
network passes all toward client; listener close
client write "a" → 1
client await rst → ok
client read 1 → ECONNRESET
--- resets-the-client-at-once-if-it-can
server abort → ok
client read 1 → ECONNRESET
`,
}, func() {
	It("is counted, and leaves the client half open until it speaks", func(ctx SpecContext) {
		l, client, server := StartPair()
		c, far := connected(ctx, l)
		tap := tapAt(client)

		firewall := block(server, netlab.Rule{Hook: netlab.Output, Reset: true, Verdict: netlab.Drop})
		Expect(far.Abort()).To(Succeed())
		arrived, meanwhile := resetsIn(tap), state(c)
		sent, failed := sentResets(server), counted(server, "TCPAbortFailed")
		Expect(firewall.Lift()).To(Succeed())
		clients.WriteByte(c)
		clients.ReadAll(c)

		Expect(far.Outcome()).To(EndIn("abort", harness.Closed))
		Expect(arrived).To(BeEmpty())
		Expect(meanwhile).To(Equal("ESTABLISHED"))
		Expect([]int64{sent, failed, counted(server, "TCPAbortOnData")}).To(HaveEach(BeEquivalentTo(1)))
		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Note(far.Outcome(), c.Outcome())
		Expect(Recorded(l, c)).To(SatisfyAll(
			ShowUnsentReset(SentBy(evidence.Application, "server"), Because("TCP_STATE")),
			ShowReset(SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST"))))
	}, Limit)

	It("resets the client at once if it can", func(ctx SpecContext) {
		l, _, server := StartPair()
		c, far := connected(ctx, l)

		Expect(far.Abort()).To(Succeed())
		clients.ReadAll(c)

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(counted(server, "TCPAbortFailed")).To(BeZero())
		Note(far.Outcome(), c.Outcome())
		Expect(Recorded(l, c)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")))
	}, Limit)
})
