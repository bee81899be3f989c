package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/claims"
	"github.com/resetlab/resetlab/servers"
)

// A server that closes before it has read everything cannot say goodbye: the
// kernel discards the unread bytes and sends RST, so that the client learns
// its data was lost (RFC 1122, section 4.2.2.13).
//
//	client                 server
//	  "ab"   ───────────▶
//	                         read 1 byte
//	                         close
//	         ◀═══════════  RST
//	  read: ECONNRESET
var _ = Describe("Closing with unread data", Label("cause:unread"), func() {
	DescribeTable("resets the client", about(claims.GoRead, claims.UnreadClose),
		func(ctx SpecContext, route lab.Route) {
			l := startLab()
			server := serve(l, servers.ReadOneByteThenClose)

			saw := clients.SendThenRead(ctx, l.Host("client"), reach(l, server, route), "ab")

			Expect(saw).To(EndIn("read", harness.Reset))
			measured(claims.GoRead, saw)
			measured(claims.UnreadClose, saw)
			Expect(recorded(l)).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")),
				ShowStates("server", "ESTABLISHED", "CLOSE"),
				ShowStates("client", "ESTABLISHED", "CLOSE"),
				MoveCounter("TCPAbortOnClose", 1),
			))
		},
		EntryDescription("(%s)"),
		Entry(nil, lab.Direct, limit), Entry(nil, lab.Proxied, limit),
	)

	It("finishes politely when nothing is unread", func(ctx SpecContext) {
		l := startLab()
		server := serve(l, servers.ReadOneByteThenClose)

		saw := clients.SendThenRead(ctx, l.Host("client"), reach(l, server, lab.Direct), "a")

		Expect(saw).To(EndIn("read", harness.Finished))
		note(saw)
		Expect(recorded(l)).To(ShowNoReset())
	}, limit)

	It("is laundered into a clean end by a plain toxiproxy", func(ctx SpecContext) {
		l := startLab()
		server := serve(l, servers.ReadOneByteThenClose)

		saw := clients.SendThenRead(ctx, l.Host("client"), reach(l, server, lab.Stock), "ab")

		Expect(saw).To(EndIn("read", harness.Finished))
		note(saw)
		Expect(recorded(l)).To(SatisfyAll(
			ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE")),
			ShowStates("client", "ESTABLISHED", "CLOSE_WAIT"),
		))
	}, limit)
})
