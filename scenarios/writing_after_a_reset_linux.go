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

// A RST leaves its error on the socket, and the kernel hands it to the first
// call that asks, be it a read or a write. Only a write after that one gets
// EPIPE (net/core/stream.c, sk_stream_error). BSD and macOS give EPIPE to the
// first write already.
var _ = Situation(catalogue.Situation{
	Name:  "writing-after-a-reset",
	Title: "Writing after a reset",
	Cause: "unread",
	Drawing: `
client                 server
  "ab"   ───────────▶
                         read 1 byte
                         close
         ◀═══════════  RST
  write: ECONNRESET
  write: EPIPE
`,
	Client: "write: ECONNRESET, then EPIPE",
	Server: "close: 0",
	Twin:   "a FIN came before the RST: EPIPE at once",
	Script: `
--- reset-first/direct
client write "ab"; server read 1; server close
client await rst → ok
client write "x" → ECONNRESET
client write "x" → EPIPE
--- fin-first
server shutdown write; server abort
client await rst → ok
client write "x" → EPIPE
`,
}, func() {
	DescribeTable("gets the reset first and the broken pipe next", Named("reset-first"), About(claims.GoWrite),
		func(ctx SpecContext, route lab.Route) {
			l := StartLab()
			server := Serve(l, servers.ReadOneByteThenClose)

			saw := clients.CallAfterReset(ctx, l.Host("client"), Reach(l, server, route), "ab",
				clients.WriteByte, clients.WriteByte)

			Expect(saw).To(EndIn("write", harness.Reset).Then("write", harness.BrokenPipe))
			Measured(claims.GoWrite, saw)
			Expect(Recorded(l)).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")),
				ShowStates("client", "ESTABLISHED", "CLOSE"),
			))
		},
		ByRoute(lab.Direct, lab.Proxied),
	)

	It("gets the broken pipe at once when a FIN came before the RST", Named("fin-first"), About(claims.GoWrite), func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.FinishThenAbort)

		saw := clients.CallAfterFinishAndReset(ctx, l.Host("client"), Reach(l, server, lab.Direct), "a",
			clients.WriteByte)

		Expect(saw).To(EndIn("write", harness.BrokenPipe))
		Measured(claims.GoWrite, saw, "a FIN came before the RST")
		Expect(Recorded(l)).To(SatisfyAll(
			ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")),
			ShowStates("client", "ESTABLISHED", "CLOSE_WAIT", "CLOSE"),
		))
	}, Limit)
})
