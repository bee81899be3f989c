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
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// The classic bug of a program that closes early: an HTTP server refuses an
// upload, replies 413 and closes. What it has not read of the upload turns its
// close into a RST, and a client that is still sending sees ECONNRESET before
// it looks for the reply. A server that lingers, half-closing and draining,
// gets its reply through (RFC 9112, section 9.6).
var _ = Situation(catalogue.Situation{
	Name:  "refusing-an-upload",
	Title: "Refusing an upload",
	Cause: "refused-upload",
	Drawing: `
client                 server
  head   ───────────▶
  body … ───────────▶
         ◀───────────  413
                         close, body unread
         ◀═══════════  RST
  write: ECONNRESET
`,
	Client: "write: ECONNRESET; the reply only if it looks",
	Server: "close: 0",
	Twin:   "a lingering close delivers the reply",
	Script: `
--- unread/direct
client write 1000
server read 10
server write "413"
server close → ok
client await rst → ok
client write 1000 → ECONNRESET
`,
}, func() {
	// More than both kernels hold together: the client is still sending.
	const size = 64 << 20

	DescribeTable("without reading it resets the client, which finds the reply only if it looks", Named("unread"), About(claims.ScriptBug),
		func(ctx SpecContext, route lab.Route) {
			l := StartLab()
			server := Serve(l, servers.RefuseUpload(servers.CloseUnread))

			saw := clients.Upload(ctx, l.Host("client"), Reach(l, server, route), size)

			Expect(saw).To(EndIn("write", harness.Reset))
			Expect(saw.Sent).To(BeNumerically("<", size))
			Expect(saw.Received).To(BeEquivalentTo(len(servers.TooLarge)))
			Measured(claims.ScriptBug, saw)
			Expect(Recorded(l)).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")),
				ShowStates("client", "ESTABLISHED", "CLOSE"),
			))
		},
		ByRoute(lab.Direct, lab.Proxied),
	)

	DescribeTable("with a lingering close delivers the reply", About(claims.ScriptBug),
		func(ctx SpecContext, route lab.Route) {
			l := StartLab()
			server := Serve(l, servers.RefuseUpload(servers.Linger))

			saw := clients.Upload(ctx, l.Host("client"), Reach(l, server, route), size)

			Expect(saw).To(EndIn("read", harness.Finished))
			Expect(saw.Sent).To(BeNumerically(">", size))
			Expect(saw.Received).To(BeEquivalentTo(len(servers.TooLarge)))
			Measured(claims.ScriptBug, saw, "the server lingers")
			var lingered lab.Outcome
			Eventually(ctx, server.Outcomes()).Should(Receive(&lingered))
			Expect(lingered).To(EndIn("read", harness.Finished))
			// Both ends have finished. A segment that was sent twice, as a busy machine
			// makes its sender do, is acknowledged twice, and the second ACK may find the
			// sender's socket gone: its kernel's RST harms nobody.
			late := func(host string) types.GomegaMatcher {
				return ShowReset(SentBy(evidence.KernelReply, host), Because("NO_SOCKET"), WithFlags("RST"))
			}
			Expect(Recorded(l)).To(SatisfyAny(ShowNoReset(), late("client"), late("proxy")))
		},
		ByRoute(lab.Direct, lab.Proxied),
	)
})
