package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// After close an end keeps the connection in FIN-WAIT-2 for a while, to hear
// the peer out. A program that sets TCP_LINGER2 below 0 does not want to
// (tcp(7)): its kernel sends RST in the place of waiting, at close if the FIN
// has been acknowledged by then (__tcp_close), else when it is
// (tcp_rcv_state_process). To the peer the stream has ended all the same: a
// RST behind a FIN is EPIPE to Linux, and only for what it writes.
var _ = Situation(catalogue.Situation{
	Name:  "finishing-impatiently",
	Title: "A server that will not wait in FIN-WAIT-2",
	Cause: "impatient-finish",
	Drawing: `
client                 server
                         TCP_LINGER2 -1, close
         ◀───────────  FIN
  ACK    ───────────▶
         ◀═══════════  RST
  read: EOF, write: EPIPE
`,
	Client: "read: the end of the stream; write: EPIPE",
	Server: "close: 0",
	Twin:   "by default the server waits: the client goes on sending",
	Script: `
--- breaks-the-client-s-pipe-when-its-fin-is-acknowledged
server set linger2 -1s
server close → ok
client await rst → ok
client read 1 → EOF
client write "x" → EPIPE
--- is-none-by-default-the-client-goes-on-sending
server shutdown write; server close
client read 1 → EOF
client state → CLOSE_WAIT
`,
}, func() {
	closeAtOnce := func(_ SpecContext, server *lab.Conn) {
		GinkgoHelper()
		Expect(server.Close()).To(Succeed())
	}
	closeAfterACK := func(ctx SpecContext, server *lab.Conn) {
		GinkgoHelper()
		Expect(server.CloseWrite()).To(Succeed())
		Eventually(ctx, state).WithArguments(server).Should(Equal("FIN_WAIT2"))
		Expect(server.Close()).To(Succeed())
	}

	DescribeTable("breaks the client's pipe",
		func(ctx SpecContext, leave func(SpecContext, *lab.Conn), want types.GomegaMatcher) {
			l := StartLab()
			client, server := connected(ctx, l)

			Expect(servers.NeverWaitForFinish(server)).To(Succeed())
			leave(ctx, server)
			Expect(client.AwaitResetAfterFinish(ctx)).To(Succeed())
			clients.ReadAll(client)
			clients.WriteByte(client)

			Expect(server.Outcome()).To(EndIn("close", harness.Closed))
			Expect(client.Outcome()).To(EndIn("read", harness.Finished).Then("write", harness.BrokenPipe))
			Note(client.Outcome(), server.Outcome())
			Expect(Recorded(l, client)).To(want)
		},
		Entry("when its FIN is acknowledged", closeAtOnce, SatisfyAll(MoveCounter("TCPAbortOnData", 1),
			ShowReset(SentBy(evidence.KernelReply, "server"), Because("TCP_ABORT_ON_DATA"), WithFlags("RST"))), Limit),
		Entry("at close if its FIN has been", closeAfterACK, SatisfyAll(MoveCounter("TCPAbortOnLinger", 1), ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_LINGER"), WithFlags("RST ACK"))), Limit),
	)

	It("is none by default: the client goes on sending", func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		closeAfterACK(ctx, server)
		clients.ReadAll(client)

		Expect(client.Outcome()).To(EndIn("read", harness.Finished))
		Expect(state(client)).To(Equal("CLOSE_WAIT"))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client)).To(ShowNoReset())
	}, Limit)
})
