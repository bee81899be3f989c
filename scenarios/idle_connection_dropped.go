package scenarios

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	"github.com/resetlab/resetlab/servers"
)

// TCP itself lets a connection be idle for ever (RFC 9293, section 3.8.4). Who
// drops it has an idle timeout of his own, and chooses how: with FIN or RST
// the client knows at its next read; a silent drop it can only find out by
// asking in vain.
var _ = situation(catalogue.Situation{
	Name:  "idle-connection-dropped",
	Title: "A connection that is idle for longer than the server allows",
	Cause: "idle-timeout",
	Drawing: `
client                 server
  "a"    ◀──────────▶  "a"
                         idle timeout
         ◀═══════════  RST, or FIN, or nothing
`,
	Client: "read: the end of the stream or ECONNRESET, as the server chooses",
	Server: "closes by its own clock",
	Twin:   "under a longer timeout the connection stays",
}, func() {
	const timeout, patience = 20 * time.Millisecond, 20 * time.Millisecond

	reset := ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK"))

	DescribeTable("drops an idle connection", about(claims.IdleTimeout),
		func(ctx SpecContext, end lab.Handler, want harness.Ending, route lab.Route, shows RecordingMatcher) {
			l := startLab()
			server := serve(l, servers.EchoUntilIdle(timeout, end))

			saw := clients.SendThenRead(ctx, l.Host("client"), reach(l, server, route), "a")

			Expect(saw).To(EndIn("read", want))
			Expect(saw.Received).To(BeEquivalentTo(1))
			measured(claims.IdleTimeout, saw)
			Expect(recorded(l)).To(shows)
		},
		Entry("with FIN", lab.Handler(servers.CloseAtOnce), harness.Finished, lab.Direct, ShowNoReset(), via(lab.Direct), limit),
		Entry("with RST", lab.Handler(servers.AbortAtOnce), harness.Reset, lab.Direct, reset, via(lab.Direct), limit),
		Entry("with FIN, proxied", lab.Handler(servers.CloseAtOnce), harness.Finished, lab.Proxied, ShowNoReset(), via(lab.Proxied), limit),
		Entry("with RST, proxied", lab.Handler(servers.AbortAtOnce), harness.Reset, lab.Proxied, reset, via(lab.Proxied), limit),
	)

	It("drops an idle connection in silence", about(claims.IdleTimeout), func(ctx SpecContext) {
		l, forgotten := startLab(), make(chan struct{})
		server := serve(l, servers.EchoUntilIdle(timeout, servers.Forget(forgotten)))

		saw := clients.Resume(ctx, l.Host("client"), server.Addr(), "a", forgotten, patience)

		Expect(saw).To(EndIn("read", harness.GaveUp))
		Expect(saw.Sent).To(BeEquivalentTo(2), "the second request is taken, and not answered")
		measured(claims.IdleTimeout, saw)
	}, limit)

	It("leaves a connection alone that was idle for as long under a longer one", func(ctx SpecContext) {
		l := startLab()
		hasty := serve(l, servers.EchoUntilIdle(timeout, servers.CloseAtOnce))
		patient := dial(ctx, l, serve(l, servers.EchoUntilIdle(time.Hour, servers.CloseAtOnce)).Addr())
		Expect(clients.Exchange(patient, "a")).To(Succeed())

		Expect(clients.SendThenRead(ctx, l.Host("client"), hasty.Addr(), "a")).To(EndIn("read", harness.Finished))

		Expect(clients.ExchangeThenClose(patient, "a")).To(EndIn("close", harness.Closed))
		note(patient.Outcome())
	}, limit)
})
