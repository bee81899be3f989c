package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// ECONNRESET need not come from the peer. connect(2) with AF_UNSPEC dissolves
// a connection: a RST goes out, and the socket that sent it gets the error of
// a RST too (net/ipv4/tcp.c, tcp_disconnect: sk_err = ECONNRESET).
var _ = Situation(catalogue.Situation{
	Name:  "dissolving-ones-own-connection",
	Title: "Dissolving one's own connection",
	Cause: "disconnected",
	Drawing: `
client                 server
                         connect(AF_UNSPEC)
         ◀═══════════  RST
  read: ECONNRESET       read: ECONNRESET
`,
	Client: "read: ECONNRESET",
	Server: "read on the own socket: ECONNRESET",
	Twin:   "both ends had finished: there is no error",
	Script: `
--- both-ends
server disconnect → ok
client read 1 → ECONNRESET
server read 1 → ECONNRESET
--- leaves-no-error-where-both-ends-had-finished
client shutdown write; server shutdown write
server disconnect → ok
server so_error → none
client read 1 → EOF
`,
}, func() {
	It("resets both ends, the own one included", Named("both-ends"), About(claims.LocallyGenerated), func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(server.Disconnect()).To(Succeed())
		server.Read(make([]byte, 1))
		client.Read(make([]byte, 1))

		Expect(server.Outcome()).To(EndIn("read", harness.Reset))
		Expect(client.Outcome()).To(EndIn("read", harness.Reset))
		Measured(claims.LocallyGenerated, server.Outcome(), "a program dissolves its own connection")
		Note(client.Outcome())
		Expect(Recorded(l, client, server)).To(SatisfyAll(
			ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")),
			ShowStates("server", "ESTABLISHED", "CLOSE"), ShowStates("client", "ESTABLISHED", "CLOSE")))
	}, Limit)

	It("leaves no error where both ends had finished", func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(server.CloseWrite()).To(Succeed())
		Expect(client.AwaitFinish(ctx)).To(Succeed())
		Expect(client.Close()).To(Succeed())
		Expect(server.AwaitFinish(ctx)).To(Succeed())
		Expect(server.Disconnect()).To(Succeed())

		Expect(server.SocketError()).To(Succeed())
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, server)).To(ShowNoReset())
	}, Limit)
})
