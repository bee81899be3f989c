package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// In LAST-ACK an end has said everything, as far as its program knows. But the
// FIN queues behind the data, and while the peer has no room for that the
// kernel has neither sent. connect(AF_UNSPEC) then throws both away and sends
// RST (tcp_disconnect), for a reason of its own; where nothing is unsent it
// says nothing more.
var _ = Situation(catalogue.Situation{
	Name:  "disconnecting-with-unsent-data",
	Title: "Disconnecting in LAST-ACK with data unsent",
	Cause: "disconnected",
	Drawing: `
client                 server
  FIN    ───────────▶
                         write more than there is room for
                         shutdown(SHUT_WR): FIN waits behind the data
                         connect(AF_UNSPEC)
         ◀═══════════  RST
  read: what had come, ECONNRESET
`,
	Client: "the data so far, then ECONNRESET",
	Server: "connect(AF_UNSPEC): 0",
	Twin:   "nothing is unsent: nothing more is said to the client",
	Script: `
--- resets-the-client-if-data-is-unsent-which-is-lost
client set rcvbuf 4096; listener listen; client connect; server accept
client shutdown write
server fill → full
server shutdown write
server disconnect → ok
client drain → less then ECONNRESET
server read 1 → ECONNRESET
--- says-nothing-to-a-client-that-has-had-everything
client shutdown write
server write "all" → 3
server shutdown write
server disconnect → ok
client read 10 → "all"
client read 10 → EOF
`,
}, func() {
	It("resets the client if data is unsent, which is lost", About(claims.LocallyGenerated), func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(client.CloseWrite()).To(Succeed())
		Expect(server.AwaitFinish(ctx)).To(Succeed())
		Expect(server.Fill()).To(Succeed())
		Expect(server.CloseWrite()).To(Succeed())
		Expect(state(server)).To(Equal("LAST_ACK"))
		Expect(server.Disconnect()).To(Succeed())
		clients.ReadAll(client)
		clients.ReadAll(server)

		Expect(client.Outcome()).To(EndIn("read", harness.Reset))
		Expect(client.Outcome().Received).To(BeNumerically("<", server.Outcome().Sent))
		Note(client.Outcome())
		Measured(claims.LocallyGenerated, server.Outcome(), "a program dissolves its own connection")
		Expect(Recorded(l, client, server)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_DISCONNECT_WITH_DATA"), WithFlags("RST ACK")))
	}, Limit)

	It("says nothing to a client that has had everything", func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(client.CloseWrite()).To(Succeed())
		Expect(server.AwaitFinish(ctx)).To(Succeed())
		clients.WriteByte(server)
		Expect(server.CloseWrite()).To(Succeed())
		clients.ReadAll(client)
		Eventually(ctx, state).WithArguments(server).Should(Equal("CLOSE"))
		Expect(server.Disconnect()).To(Succeed())

		Expect(client.Outcome()).To(EndIn("read", harness.Finished))
		Expect(client.Outcome().Received).To(Equal(server.Outcome().Sent))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client, server)).To(ShowNoReset())
	}, Limit)
})
