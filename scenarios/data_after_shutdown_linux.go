package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// An end that has shut both directions down has nobody to read for: data that
// still comes draws a RST, and the socket that sends it is reset as well
// (net/ipv4/tcp_input.c, tcp_rcv_state_process, TCP_FIN_WAIT2). To shut only
// the reading side says nothing to anybody: Linux goes on to acknowledge what
// comes, and even to hand it out.
var _ = Situation(catalogue.Situation{
	Name:  "data-after-shutdown",
	Title: "Data that comes after a shutdown",
	Cause: "shutdown-then-data",
	Drawing: `
client                 server
                         shutdown(SHUT_RDWR)
         ◀───────────  FIN
  "xy"   ───────────▶
         ◀═══════════  RST
  write: EPIPE           SO_ERROR: ECONNRESET
`,
	Client: "write: 0, then EPIPE; read: the end of the stream",
	Server: "its own socket: ECONNRESET",
	Twin:   "only the sending direction is shut down: the data is read",
	Script: `
--- both-directions
server shutdown both
client write "xy" → 2
client await rst → ok
client write "z" → EPIPE
client read 1 → EOF
server so_error → ECONNRESET
--- of-the-sending-direction-is-read
server shutdown write
client write "xy" → 2
server read 10 → "xy"
`,
}, func() {
	It("of both directions resets the end that shut them", Named("both-directions"), About(claims.LocallyGenerated), func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(server.CloseRead()).To(Succeed())
		Expect(server.CloseWrite()).To(Succeed())
		Expect(client.AwaitFinish(ctx)).To(Succeed())
		client.Write([]byte("xy"))
		Expect(client.AwaitResetAfterFinish(ctx)).To(Succeed())
		Expect(server.AwaitReset(ctx)).To(Succeed())
		server.SocketError()
		server.Read(make([]byte, 2))
		client.Write([]byte("z"))

		Expect(server.Outcome()).To(EndIn("so_error", harness.Reset).Then("read", harness.Finished))
		Expect(client.Outcome()).To(EndIn("write", harness.BrokenPipe))
		Measured(claims.LocallyGenerated, server.Outcome(), "data comes after one's own shutdown")
		Note(client.Outcome())
		Expect(Recorded(l, client, server)).To(ShowReset(
			SentBy(evidence.KernelReply, "server"), Because("TCP_ABORT_ON_DATA"), WithFlags("RST")))
	}, Limit)

	It("of the sending direction is read", func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(server.CloseWrite()).To(Succeed())
		Expect(client.AwaitFinish(ctx)).To(Succeed())
		send(client, server, "xy")

		Expect(server.Outcome().Ending).To(Equal(harness.Open))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client, server)).To(SatisfyAll(
			ShowNoReset(), ShowStates("server", "FIN_WAIT1", "FIN_WAIT2"),
			ShowStates("client", "CLOSE_WAIT", "LAST_ACK")))
	}, Limit)

	It("of the reading direction is read too, and unread data resets at the close", func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(server.CloseRead()).To(Succeed())
		client.Write([]byte("xy"))
		// After SHUT_RD poll says that the socket is readable whatever comes.
		Eventually(ctx, func() (lab.Info, error) { return server.Info() }).
			Should(HaveField("DataSegmentsIn", 1))
		n, err := server.Read(make([]byte, 1))
		Expect(server.Close()).To(Succeed())
		client.Read(make([]byte, 1))

		Expect(n, err).To(Equal(1))
		Expect(client.Outcome()).To(EndIn("read", harness.Reset))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)
})
