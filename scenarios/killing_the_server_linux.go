package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A process that dies, by kill -9 or of its own accord, takes no part in how
// its connections end. The kernel closes its descriptors as close() would: it
// sends FIN, or RST where bytes are unread (net/ipv4/tcp.c, tcp_close). A crash
// without either is a crash of the machine.
var _ = Situation(catalogue.Situation{
	Name:  "killing-the-server",
	Title: "Killing the server",
	Cause: "killed",
	Drawing: `
client                 server
  "a"    ───────────▶
         ◀───────────  "a"
                         kill -9
         ◀───────────  FIN
  read: end of stream
`,
	Client: "read: the end of the stream; ECONNRESET where something is unread",
	Server: "is dead",
	Twin:   "with unread bytes the kernel sends RST, without FIN",
	Script: `
--- nothing-unread
client write "a"; server read 1; server write "a"; client read 1
server kill
client read 1 → EOF
--- unread
client write "ab"; server read 1
server kill
client read 1 → ECONNRESET
`,
}, func() {
	killed := func(ctx SpecContext, text string) (lab.Outcome, *evidence.Recording) {
		GinkgoHelper()
		l := StartLab()
		server, err := l.Host("server").Start(ctx, servers.AnswerOneByteProcess, lab.Limits{})
		Expect(err).NotTo(HaveOccurred())
		client := dial(ctx, l, server.Addr())

		_, err = client.Write([]byte(text))
		Expect(err).NotTo(HaveOccurred())
		clients.ReadByte(client) // the server has read its byte
		Expect(server.Kill()).To(Succeed())
		clients.ReadAll(client)
		return client.Outcome(), Recorded(l, client)
	}

	It("finishes its connections", Named("nothing-unread"), About(claims.CrashSendsRST), func(ctx SpecContext) {
		saw, recording := killed(ctx, "a")

		Expect(saw).To(EndIn("read", harness.Finished))
		Measured(claims.CrashSendsRST, saw)
		Expect(recording).To(SatisfyAll(ShowNoReset(), ShowStates("server", "ESTABLISHED", "FIN_WAIT1")))
	}, Limit)

	It("resets those on which something is unread", Named("unread"), About(claims.CrashSendsRST), func(ctx SpecContext) {
		saw, recording := killed(ctx, "ab")

		Expect(saw).To(EndIn("read", harness.Reset))
		Measured(claims.CrashSendsRST, saw, "bytes are unread")
		Expect(recording).To(SatisfyAll(
			ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")),
			ShowStates("server", "ESTABLISHED", "CLOSE"),
			MoveCounter("TCPAbortOnClose", 1),
		))
	}, Limit)
})
