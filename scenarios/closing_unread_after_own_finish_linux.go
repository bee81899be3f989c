package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A server that has finished its answer and then closes without having read
// the rest of the request resets the connection like any other (RFC 9293,
// section 3.6.1; __tcp_close). The client has the FIN already: a RST behind it
// is EPIPE to Linux (tcp_reset, CLOSE_WAIT). It reads a clean end, and learns
// only by writing that not all it sent was read.
var _ = Situation(catalogue.Situation{
	Name:  "closing-unread-after-own-finish",
	Title: "Closing with unread data behind one's own FIN",
	Cause: "unread",
	Drawing: `
client                 server
                         shutdown(SHUT_WR)
         ◀───────────  FIN
  "ab"   ───────────▶    read 1 byte
                         close
         ◀═══════════  RST
  read: EOF, write: EPIPE
`,
	Client: "read: the end of the stream; write: EPIPE",
	Server: "close: 0",
	Twin:   "everything was read: there is no RST",
	Script: `
--- breaks-the-client-s-pipe-and-leaves-its-read-a-clean-end
server shutdown write
client write "ab"
server read 1 → "a"
server close → ok
client await rst → ok
client read 1 → EOF
client write "x" → EPIPE
`,
}, func() {
	It("breaks the client's pipe and leaves its read a clean end", func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(server.CloseWrite()).To(Succeed())
		Expect(client.AwaitFinish(ctx)).To(Succeed())
		client.Write([]byte("ab"))
		Expect(server.AwaitReadable(ctx)).To(Succeed())
		clients.ReadByte(server)
		Expect(server.Close()).To(Succeed())
		Expect(client.AwaitResetAfterFinish(ctx)).To(Succeed())
		clients.ReadAll(client)
		clients.WriteByte(client)

		Expect(server.Outcome()).To(EndIn("close", harness.Closed))
		Expect(client.Outcome()).To(EndIn("read", harness.Finished).Then("write", harness.BrokenPipe))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client)).To(SatisfyAll(MoveCounter("TCPAbortOnClose", 1),
			ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")),
			ShowStates("server", "FIN_WAIT2", "CLOSE"), ShowStates("client", "CLOSE_WAIT", "CLOSE")))
	}, Limit)

	It("finishes politely when everything was read", func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(server.CloseWrite()).To(Succeed())
		Expect(client.AwaitFinish(ctx)).To(Succeed())
		send(client, server, "ab")
		Expect(client.Close()).To(Succeed())
		clients.ReadAll(server)

		Expect(server.Outcome()).To(EndIn("read", harness.Finished))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client, server)).To(ShowNoReset())
	}, Limit)
})
