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

// A server that closes before it has read everything cannot say goodbye: the
// kernel discards the unread bytes and sends RST, so that the client learns
// its data was lost (RFC 1122, section 4.2.2.13).
var _ = Situation(catalogue.Situation{
	Name:  "closing-with-unread-data",
	Title: "Closing with unread data",
	Cause: "unread",
	Drawing: `
client                 server
  "ab"   ───────────▶
                         read 1 byte
                         close
         ◀═══════════  RST
  read: ECONNRESET
`,
	Client: "read: ECONNRESET, then the end of the stream",
	Server: "close: 0",
	Twin:   "nothing is unread: the client reads the end of the stream",
	Script: `
--- resets/direct
client write "ab"
server read 1 → "a"
server close → ok
client read 1 → ECONNRESET
client read 1 → EOF
--- nothing-unread
client write "a"
server read 1 → "a"
server close → ok
client read 1 → EOF
`,
}, func() {
	DescribeTable("resets the client", Named("resets"), About(claims.GoRead, claims.UnreadClose),
		func(ctx SpecContext, route lab.Route) {
			l := StartLab()
			server := Serve(l, servers.ReadOneByteThenClose)

			saw := clients.SendThenRead(ctx, l.Host("client"), Reach(l, server, route), "ab")

			Expect(saw).To(EndIn("read", harness.Reset))
			Measured(claims.GoRead, saw)
			Measured(claims.UnreadClose, saw)
			Expect(Recorded(l)).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")),
				ShowStates("server", "ESTABLISHED", "CLOSE"),
				ShowStates("client", "ESTABLISHED", "CLOSE"),
				MoveCounter("TCPAbortOnClose", 1),
			))
		},
		ByRoute(lab.Direct, lab.Proxied),
	)

	It("finishes politely when nothing is unread", Named("nothing-unread"), func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.ReadOneByteThenClose)

		saw := clients.SendThenRead(ctx, l.Host("client"), Reach(l, server, lab.Direct), "a")

		Expect(saw).To(EndIn("read", harness.Finished))
		Note(saw)
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)

	It("is laundered into a clean end by a plain toxiproxy", func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.ReadOneByteThenClose)

		saw := clients.SendThenRead(ctx, l.Host("client"), Reach(l, server, lab.Stock), "ab")

		Expect(saw).To(EndIn("read", harness.Finished))
		Note(saw)
		Expect(Recorded(l)).To(SatisfyAll(
			ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE")),
			ShowStates("client", "ESTABLISHED", "CLOSE_WAIT"),
		))
	}, Limit)
})
