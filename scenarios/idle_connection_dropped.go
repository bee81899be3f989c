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
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// TCP itself lets a connection be idle for ever (RFC 9293, section 3.8.4). Who
// drops it has an idle timeout of his own, and chooses how: with FIN or RST
// the client knows at its next read; a silent drop it can only find out by
// asking in vain.
var _ = Situation(catalogue.Situation{
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
	Script: `
--- drops-an-idle-connection-with-fin/direct
client write "a"; server read 1; server write "a"; client read 1
server close → ok
client read 1 → EOF
--- drops-an-idle-connection-with-rst/direct
client write "a"; server read 1; server write "a"; client read 1
server abort → ok
client read 1 → ECONNRESET
`,
}, func() {
	const timeout, patience = 20 * time.Millisecond, 20 * time.Millisecond

	reset := ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK"))

	DescribeTable("drops an idle connection", About(claims.IdleTimeout),
		func(ctx SpecContext, end lab.Handler, want harness.Ending, route lab.Route, shows RecordingMatcher) {
			l := StartLab()
			server := Serve(l, servers.EchoUntilIdle(timeout, end))

			saw := clients.SendThenRead(ctx, l.Host("client"), Reach(l, server, route), "a")

			Expect(saw).To(EndIn("read", want))
			Expect(saw.Received).To(BeEquivalentTo(1))
			Measured(claims.IdleTimeout, saw)
			Expect(Recorded(l)).To(shows)
		},
		Entry("with FIN", lab.Handler(servers.CloseAtOnce), harness.Finished, lab.Direct, ShowNoReset(), Via(lab.Direct), Limit),
		Entry("with RST", lab.Handler(servers.AbortAtOnce), harness.Reset, lab.Direct, reset, Via(lab.Direct), Limit),
		Entry("with FIN, proxied", lab.Handler(servers.CloseAtOnce), harness.Finished, lab.Proxied, ShowNoReset(), Via(lab.Proxied), Limit),
		Entry("with RST, proxied", lab.Handler(servers.AbortAtOnce), harness.Reset, lab.Proxied, reset, Via(lab.Proxied), Limit),
	)

	It("drops an idle connection in silence", About(claims.IdleTimeout), func(ctx SpecContext) {
		l, forgotten := StartLab(), make(chan struct{})
		server := Serve(l, servers.EchoUntilIdle(timeout, servers.Forget(forgotten)))

		saw := clients.Resume(ctx, l.Host("client"), server.Addr(), "a", forgotten, patience)

		Expect(saw).To(EndIn("read", harness.GaveUp))
		Expect(saw.Sent).To(BeEquivalentTo(2), "the second request is taken, and not answered")
		Measured(claims.IdleTimeout, saw)
	}, Limit)

	It("leaves a connection alone that was idle for as long under a longer one", func(ctx SpecContext) {
		l := StartLab()
		hasty := Serve(l, servers.EchoUntilIdle(timeout, servers.CloseAtOnce))
		patient := dial(ctx, l, Serve(l, servers.EchoUntilIdle(time.Hour, servers.CloseAtOnce)).Addr())
		Expect(clients.Exchange(patient, "a")).To(Succeed())

		Expect(clients.SendThenRead(ctx, l.Host("client"), hasty.Addr(), "a")).To(EndIn("read", harness.Finished))

		Expect(clients.ExchangeThenClose(patient, "a")).To(EndIn("close", harness.Closed))
		Note(patient.Outcome())
	}, Limit)
})
