package scenarios

import (
	"fmt"

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

// A listener with TCP_DEFER_ACCEPT gets a connection when its first byte has
// come. The last ACK of a probe's handshake is passed over, and its RST ends a
// mere request: there is nothing to accept, hence no error (tcp(7);
// tcp_check_req). The checker cannot tell the difference.
var _ = Situation(catalogue.Situation{
	Name:  "health-check-deferred",
	Title: "Deferring accept until a first byte that never comes",
	Cause: "health-check",
	Drawing: `
checker                backend's kernel        backend
  SYN      ───────────▶
           ◀───────────  SYN-ACK  healthy
  ACK      ───────────▶  dropped
  RST      ═══════════▶  request gone
client
  "hello"  ───────────▶  first byte  ────────▶  accept: ok
`,
	Client: "the checker's connect: 0, then it aborts",
	Server: "nothing: there is nothing to accept",
	Twin:   "a plain listener accepts each, and its read fails",
	Script: `
--- hides-health-checks-from-the-application
listener set defer_accept 5; listener listen
checker connect → ok
checker abort
listener poll → nothing
client connect; client write "hello"
server accept → ok
server read 10 → "hello"
server close
client read 1 → EOF
--- is-what-hides-them-a-plain-listener-sees-each
listener listen
checker connect → ok
checker abort
listener poll → IN
server accept → ok
server read 1 → ECONNRESET
client connect; server2 accept; server2 close
client read 1 → EOF
`,
}, func() {
	const probes = 3

	// seenOf probes the server, lets a client speak, and returns what became of
	// the connections that the server was given before the client's.
	seenOf := func(ctx SpecContext, l *lab.Lab, server lab.Server) []lab.Outcome {
		GinkgoHelper()
		for range probes {
			healthy, _ := clients.Probe(ctx, l.Host("checker"), server.Addr())
			Expect(healthy).To(BeTrue())
		}
		client := clients.SendThenRead(ctx, l.Host("client"), server.Addr(), "h")
		Expect(client).To(EndIn("read", harness.Finished))
		return acceptedBeside(ctx, l, server, client)
	}

	It("hides health checks from the application", About(claims.ProbeUnavoidable), func(ctx SpecContext) {
		l := StartLab()
		server, err := servers.StartDeferAccept(l.Host("server"), servers.ReadOneByteThenClose)
		Expect(err).NotTo(HaveOccurred())

		seen := seenOf(ctx, l, server)

		Expect(seen).To(BeEmpty())
		Measured(claims.ProbeUnavoidable, fmt.Sprintf("%d of %d probes seen", len(seen), probes))
		Expect(Recorded(l)).To(SatisfyAll(
			ShowReset(SentBy(evidence.Application, "checker"), Because("TCP_STATE"), WithFlags("RST ACK")),
			MoveCounter("EmbryonicRsts", probes), // no socket yet that could be reset
		))
	}, Limit)

	It("is what hides them: a plain listener sees each", func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.ReadOneByteThenClose)

		seen := seenOf(ctx, l, server)

		Expect(seen).To(HaveLen(probes))
		Expect(seen).To(HaveEach(EndIn("read", harness.Reset)))
		Expect(Recorded(l)).To(SatisfyAll(
			ShowReset(SentBy(evidence.Application, "checker"), Because("TCP_STATE"), WithFlags("RST ACK")),
			ShowStates("server", "ESTABLISHED", "CLOSE"),
		))
	}, Limit)
})

// acceptedBeside returns what became of the connections that the server was
// given before that of a client, whose outcome own is, and with it.
func acceptedBeside(ctx SpecContext, l *lab.Lab, server lab.Server, own lab.Outcome) []lab.Outcome {
	GinkgoHelper()
	var seen []lab.Outcome
	for _, entry := range l.Journal().Entries() {
		if entry.Host != "server" || entry.Call.Op != lab.Accept {
			continue
		}
		var saw lab.Outcome
		Eventually(ctx, server.Outcomes()).Should(Receive(&saw))
		if saw.Remote != own.Local {
			seen = append(seen, saw)
		}
	}
	Note(seen...)
	return seen
}
