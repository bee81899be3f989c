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

// Data that reaches a socket after close() draws a RST, for nobody will read
// it (RFC 9293, section 3.6.1). But the FIN of that close came first, and a
// RST in CLOSE_WAIT is EPIPE to Linux (tcp_reset), a read stays at end of
// stream. Only data that lies unread when close() is called makes ECONNRESET,
// since then the RST goes in the FIN's place. Either way the write of the lost
// data had succeeded.
var _ = Situation(catalogue.Situation{
	Name:  "closing-with-data-in-transit",
	Title: "Closing while data is in transit",
	Cause: "wrote-after-close",
	Drawing: `
client                 server        client                 server
                         close         "lost" ───────────▶
         ◀───────────  FIN                                   close
  "lost" ───────────▶                         ◀═══════════  RST
         ◀═══════════  RST            write: ECONNRESET
  write: EPIPE
`,
	Client: "write: 0, then EPIPE; read: the end of the stream",
	Server: "close: 0",
	Twin:   "the data came before the close: ECONNRESET",
	Script: `
--- after-the-close
server close → ok
client write "lost" → 4
client await rst → ok
client write "x" → EPIPE
client read 1 → EOF
--- before-the-close
client write "lost" → 4
server close → ok
client await rst → ok
client write "x" → ECONNRESET
`,
}, func() {
	It("loses the data and breaks the client's pipe", Named("after-the-close"), About(claims.CloseInTransit), func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		send(client, server, "read")
		Expect(server.Close()).To(Succeed())
		Expect(client.AwaitFinish(ctx)).To(Succeed())
		client.Write([]byte("lost"))
		Expect(client.AwaitResetAfterFinish(ctx)).To(Succeed())
		client.Write([]byte("x"))
		client.Read(make([]byte, 1))

		Expect(client.Outcome()).To(EndIn("write", harness.BrokenPipe).Then("read", harness.Finished))
		Expect(lost(client, server)).To(Equal(int64(4)))
		Measured(claims.CloseInTransit, client.Outcome(), "everything that had come before the close was read")
		Note(server.Outcome())
		// The reason depends on whether the FIN was acknowledged alone before:
		// TCP_TIMEWAIT_SOCKET then, TCP_ABORT_ON_DATA if the data does it.
		Expect(Recorded(l, client, server)).To(ShowReset(
			SentBy(evidence.KernelReply, "server"), WithFlags("RST")))
	}, Limit)

	It("loses the data and resets the client where it came before the close", Named("before-the-close"), About(claims.CloseInTransit), func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		send(client, server, "read")
		client.Write([]byte("lost"))
		Expect(server.CloseUnread(ctx)).To(Succeed())
		Expect(client.AwaitReset(ctx)).To(Succeed())
		client.Write([]byte("x"))

		Expect(client.Outcome()).To(EndIn("write", harness.Reset))
		Expect(lost(client, server)).To(Equal(int64(4)))
		Measured(claims.CloseInTransit, client.Outcome(), "bytes were unread at the close")
		Note(server.Outcome())
		Expect(Recorded(l, client, server)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)
})
