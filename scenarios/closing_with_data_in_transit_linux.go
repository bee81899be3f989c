package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/claims"
)

// Data that reaches a socket after close() draws a RST, for nobody will read
// it (RFC 9293, section 3.6.1). But the FIN of that close came first, and a
// RST in CLOSE_WAIT is EPIPE to Linux (tcp_reset), a read stays at end of
// stream. Only data that lies unread when close() is called makes ECONNRESET,
// since then the RST goes in the FIN's place. Either way the write of the lost
// data had succeeded.
//
//	client                 server        client                 server
//	                         close         "lost" ───────────▶
//	         ◀───────────  FIN                                   close
//	  "lost" ───────────▶                         ◀═══════════  RST
//	         ◀═══════════  RST            write: ECONNRESET
//	  write: EPIPE
var _ = Describe("Closing with data in transit", Label("cause:fin"), func() {
	It("loses the data and breaks the client's pipe", func(ctx SpecContext) {
		l := startLab()
		client, server := connected(ctx, l)

		send(client, server, "read")
		Expect(server.Close()).To(Succeed())
		Expect(client.AwaitFinish(ctx)).To(Succeed())
		client.Write([]byte("lost"))
		Expect(client.AwaitReset(ctx)).To(Succeed())
		client.Write([]byte("x"))
		client.Read(make([]byte, 1))

		Expect(client.Outcome()).To(EndIn("write", harness.BrokenPipe).Then("read", harness.Finished))
		Expect(lost(client, server)).To(Equal(int64(4)))
		measured(claims.CloseInTransit, client.Outcome(), "everything that had come before the close was read")
		note(server.Outcome())
	}, limit)

	It("loses the data and resets the client where it came before the close", func(ctx SpecContext) {
		l := startLab()
		client, server := connected(ctx, l)

		send(client, server, "read")
		client.Write([]byte("lost"))
		Expect(server.CloseUnread(ctx)).To(Succeed())
		Expect(client.AwaitReset(ctx)).To(Succeed())
		client.Write([]byte("x"))

		Expect(client.Outcome()).To(EndIn("write", harness.Reset))
		Expect(lost(client, server)).To(Equal(int64(4)))
		measured(claims.CloseInTransit, client.Outcome(), "bytes were unread at the close")
		note(server.Outcome())
	}, limit)
})
