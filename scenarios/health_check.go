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

// A layer-4 health check ends where a conversation would begin. The backend's
// kernel has completed the handshake, so that accept succeeds, even when the
// RST is there before it (UNIX Network Programming, section 5.11, expects
// ECONNABORTED; Linux queues the connection with its error, inet_csk_accept):
// the first read fails.
var _ = Situation(catalogue.Situation{
	Name:  "health-check",
	Title: "A layer-4 health check",
	Cause: "health-check",
	Drawing: `
checker                backend
  SYN      ───────────▶
           ◀───────────  SYN-ACK      healthy
  ACK      ───────────▶
  RST      ═══════════▶  accept: ok
                         read: ECONNRESET
`,
	Client: "the checker's connect: 0, then it aborts",
	Server: "accept: 0, then read: ECONNRESET",
	Twin:   "the checker closes with FIN: read is the end of the stream",
	Script: `
--- lets-the-backend-accept-and-fails-its-first-read/direct
listener listen; checker connect; checker abort
server accept → ok
server read 1 → ECONNRESET
--- goes-unnoticed-if-the-checker-closes-with-fin
listener listen; client connect; client close
server accept → ok
server read 1 → EOF
`,
}, func() {
	check := func(ctx SpecContext, route lab.Route) (lab.Outcome, *evidence.Recording) {
		GinkgoHelper()
		l := StartLab()
		server := Serve(l, servers.ReadOneByteThenClose)
		healthy, _ := clients.Probe(ctx, l.Host("checker"), Reach(l, server, route))
		Expect(healthy).To(BeTrue())
		var saw lab.Outcome
		Eventually(ctx, server.Outcomes()).Should(Receive(&saw))
		return saw, Recorded(l)
	}

	DescribeTable("lets the backend accept and fails its first read", About(claims.ProbeSuccess),
		func(ctx SpecContext, route lab.Route) {
			saw, recording := check(ctx, route)

			Expect(saw).To(EndIn("read", harness.Reset))
			Expect(saw.Received).To(BeZero())
			Note(saw)
			Measured(claims.ProbeSuccess, afterAccept(saw))
			Expect(recording).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "checker"), Because("TCP_STATE"), WithFlags("RST ACK")),
				ShowStates("server", "ESTABLISHED", "CLOSE"),
			))
		},
		ByRoute(lab.Direct, lab.Proxied),
	)

	It("looks like a client that said nothing behind a plain toxiproxy", func(ctx SpecContext) {
		saw, recording := check(ctx, lab.Stock)

		Expect(saw).To(EndIn("read", harness.Finished))
		Note(saw)
		Expect(recording).To(SatisfyAll(ShowReset(SentBy(evidence.Application, "checker")),
			ShowStates("server", "ESTABLISHED", "CLOSE_WAIT")))
	}, Limit)

	It("goes unnoticed if the checker closes with FIN", func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.ReadOneByteThenClose)

		clients.SendThenLeave(ctx, l.Host("checker"), server.Addr(), "", (*lab.Conn).Close)

		var saw lab.Outcome
		Eventually(ctx, server.Outcomes()).Should(Receive(&saw))
		Expect(saw).To(EndIn("read", harness.Finished))
		Note(saw)
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)

	It("calls a backend that refuses unhealthy", func(ctx SpecContext) {
		l := StartLab()

		healthy, saw := clients.Probe(ctx, l.Host("checker"), nobody())

		Expect(healthy).To(BeFalse())
		Expect(saw).To(EndIn("connect", harness.Refused))
		Note(saw)
		Expect(Recorded(l)).To(ShowReset(
			SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST ACK")))
	}, Limit)
})

// afterAccept says how a connection ended for a server that accepted it.
func afterAccept(saw lab.Outcome) string {
	if len(saw.Calls) > 0 && saw.Calls[0].Op == lab.Accept && saw.Calls[0].Ending == harness.Open {
		return "accepted, then " + saw.First()
	}
	return saw.First()
}
