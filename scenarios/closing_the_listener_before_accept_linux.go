package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// The kernel completes handshakes on its own and queues the connections for
// accept. When the listener is closed, as by a server that restarts, those
// still in the queue are reset, and their clients had every reason to believe
// in them (net/ipv4/inet_connection_sock.c, inet_csk_listen_stop).
var _ = Situation(catalogue.Situation{
	Name:  "closing-the-listener-before-accept",
	Title: "Closing the listener before accept",
	Cause: "listener-closed",
	Drawing: `
client                 listener
  connect: ok ◀──────▶  (queued)
                         close
         ◀═══════════  RST
  read: ECONNRESET
`,
	Client: "connect: 0, then read: ECONNRESET",
	Server: "closes its listener",
	Twin:   "connections that were accepted are left alone",
	Script: `
--- queued
listener listen; client connect
listener close → ok
client read 1 → ECONNRESET
--- accepted
listener listen; client connect; server accept
listener close → ok
client write "x" → 1
server read 1 → "x"
`,
}, func() {
	It("resets connections that the client had made", Named("queued"), func(ctx SpecContext) {
		l := StartLab()
		listener, err := l.Host("server").Listen(ctx)
		Expect(err).NotTo(HaveOccurred())

		client, err := l.Host("client").Dial(ctx, listener.Addr())
		Expect(err).NotTo(HaveOccurred())
		defer client.Close()
		Expect(listener.AwaitConnection(ctx)).To(Succeed())
		Expect(listener.Close()).To(Succeed())
		client.Read(make([]byte, 1))

		Expect(client.Outcome()).To(EndIn("read", harness.Reset))
		Note(client.Outcome())
		Expect(Recorded(l, client)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")))
	}, Limit)

	It("leaves alone those that were accepted", Named("accepted"), func(ctx SpecContext) {
		l := StartLab()

		client, server := connected(ctx, l) // which closes its listener
		send(server, client, "still here")

		Expect(client.Outcome().Ending).To(Equal(harness.Open))
		Note(client.Outcome())
		Expect(Recorded(l, client, server)).To(ShowNoReset())
	}, Limit)
})
