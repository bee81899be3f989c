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

// Somebody closes the page while it is still coming. The browser's kernel
// holds bytes of the response that the browser will not read any more, so its
// close is a RST, and the server's write gets the error. Had the browser read
// all that was there, its close would be a FIN: the server's next write
// succeeds, draws the RST, and only the one after that fails.
var _ = Situation(catalogue.Situation{
	Name:  "leaving-before-the-response-ends",
	Title: "Leaving before the response ends",
	Cause: "left-early",
	Drawing: `
browser                server
  GET    ───────────▶
         ◀───────────  response …
  reads a part
  close  ═══════════▶  RST
                         write: ECONNRESET
`,
	Client: "leaves",
	Server: "write: ECONNRESET",
	Twin:   "the browser had read all that was there: the write after the next one: EPIPE",
	Script: `
--- resets-the-server-that-is-sending-it/direct
listener listen; browser connect; server accept
browser write "GET"; server read 10
server write "response"
browser read 4 → "resp"
browser close
server await rst → ok
server write "more" → ECONNRESET
--- breaks-the-server-s-pipe-if-the-browser-had-read-all-that-was-there
client write "GET"; server read 10
server write "response"
client read 10 → "response"
client close
server write "more" → 4
server await rst → ok
server write "more" → EPIPE
`,
}, func() {
	DescribeTable("resets the server that is sending it", About(claims.BrowserLeaves),
		func(ctx SpecContext, route lab.Route) {
			l := StartLab()
			server := Serve(l, servers.Stream)

			left := clients.SendThenLeave(ctx, l.Host("browser"), Reach(l, server, route), "GET / HTTP/1.1\r\n\r\n",
				func(c *lab.Conn) error {
					clients.ReadByte(c)
					return c.CloseUnread(ctx)
				})

			var saw lab.Outcome
			Eventually(ctx, server.Outcomes()).Should(Receive(&saw))
			Expect(saw).To(EndIn("write", harness.Reset))
			Measured(claims.BrowserLeaves, saw)
			Note(left)
			Expect(Recorded(l)).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "browser"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")),
				ShowStates("server", "ESTABLISHED", "CLOSE"),
			))
		},
		ByRoute(lab.Direct, lab.Proxied),
	)

	It("breaks the server's pipe if the browser had read all that was there", About(claims.BrowserLeaves), func(ctx SpecContext) {
		l := StartLab()
		browser, server := connected(ctx, l)

		send(server, browser, "the first half")
		Expect(browser.Close()).To(Succeed())
		Expect(server.AwaitFinish(ctx)).To(Succeed())
		clients.WriteByte(server)
		Expect(server.AwaitResetAfterFinish(ctx)).To(Succeed())
		clients.WriteByte(server)

		Expect(server.Outcome()).To(EndIn("write", harness.BrokenPipe))
		Measured(claims.BrowserLeaves, server.Outcome(), "the browser had read all that was there")
		Note(browser.Outcome())
		Expect(Recorded(l, browser, server)).To(SatisfyAll(
			ShowReset(SentBy(evidence.KernelReply, "client"), WithFlags("RST")),
			ShowStates("server", "ESTABLISHED", "CLOSE_WAIT", "CLOSE"),
		))
	}, Limit)
})
