package scenarios

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A health checker that gets no SYN-ACK in time calls the backend unhealthy
// and closes its socket, which in SYN-SENT says nothing to anybody (RFC 9293,
// section 3.10.4). Only a SYN-ACK that comes after all is answered with RST, by
// a kernel that has no socket for it any more.
var _ = Situation(catalogue.Situation{
	Name:   "health-check-unanswered",
	Title:  "A health check that is not answered in time",
	Cause:  "health-check",
	Labels: []string{"needs:netns"},
	Drawing: `
checker                backend's kernel       backend
  SYN    ───────────▶    request
  gives up: unhealthy
         ◀───────────  SYN-ACK, late
  RST    ═══════════▶    request gone           (nothing to accept)
`,
	Client: "connect: given up",
	Server: "nothing; its late SYN-ACK is answered with RST",
	Twin:   "no SYN-ACK comes: nothing is said",
	Script: `
--- says-nothing-where-no-syn-ack-comes
listener listen; client bind
network drops all toward client
client set nonblocking on
client connect → EINPROGRESS
client close → ok
wire rst from client → 0
# The next connection is the first that can be accepted.
client2 connect; server accept; client2 close
server read 1 → EOF
`,
}, func() {
	// check probes the backend and gives up when an answer has left it, which
	// is lost, or when the SYN has come that gets none.
	check := func(
		ctx SpecContext, l *lab.Lab, address string, atBackend *netlab.Tap, until netlab.Flags,
	) string {
		GinkgoHelper()
		patience, giveUp := context.WithCancel(ctx)
		defer giveUp()
		checked := make(chan lab.Outcome, 1)
		go func() {
			_, saw := clients.Probe(patience, l.Host("client"), address)
			checked <- saw
		}()
		awaitSegment(ctx, atBackend, func(s netlab.Segment) bool { return s.Flags == until })
		giveUp()
		saw := <-checked
		Note(saw)
		if saw.Op == lab.Connect {
			return "unhealthy"
		}
		return "healthy"
	}

	It("is reset when its SYN-ACK comes after all, and never reaches the application", About(claims.ProbeTimeout), func(ctx SpecContext) {
		l, client, server := StartPair()
		backend, tap := Serve(l, servers.Echo), tapAt(server)

		lost := block(client, netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop})
		health := check(ctx, l, backend.Addr(), tap, netlab.SYN|netlab.ACK)
		Expect(lost.Lift()).To(Succeed())
		awaitSegment(ctx, tap, isReset) // which answers the SYN-ACK that is sent again

		Expect(health).To(Equal("unhealthy"))
		Expect(reached(ctx, l, backend)).To(Equal("never accepted"))
		r := Recorded(l)
		Expect(r).To(SatisfyAll(MoveCounter("EmbryonicRsts", 1),
			ShowReset(SentBy(evidence.KernelReply, "client"), Because("NO_SOCKET"), WithFlags("RST"))))
		Measured(claims.ProbeTimeout, health+", "+resetBy(r, "client"), "the SYN-ACK comes after all")
	}, Limit)

	It("says nothing where no SYN-ACK comes", About(claims.ProbeTimeout), func(ctx SpecContext) {
		l, _, server := StartPair()
		backend, tap := Serve(l, servers.Echo), tapAt(server)

		deaf := block(server, netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop})
		health := check(ctx, l, backend.Addr(), tap, netlab.SYN)
		Expect(deaf.Lift()).To(Succeed())

		Expect(health).To(Equal("unhealthy"))
		Expect(reached(ctx, l, backend)).To(Equal("never accepted"))
		r := Recorded(l)
		Expect(r).To(ShowNoReset())
		Measured(claims.ProbeTimeout, health+", "+resetBy(r, "client"), "no SYN-ACK ever comes")
	}, Limit)
})

// resetBy says whether a host has sent a RST.
func resetBy(r *evidence.Recording, host string) string {
	for _, reset := range r.Resets {
		if reset.Event >= 0 && r.Events[reset.Event].Host == host {
			return "RST"
		}
	}
	return "no RST"
}
