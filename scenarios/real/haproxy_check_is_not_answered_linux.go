package real

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// HAProxy that gets no SYN-ACK within "timeout connect" calls the server down and
// closes, with SO_LINGER 0 as always. In SYN-SENT that says nothing to anybody (RFC
// 9293, section 3.10.4). Only a SYN-ACK that comes after all is answered with RST, by
// a kernel that has no socket for it any more.
var _ = Situation(catalogue.Situation{
	Name:   "haproxy-check-is-not-answered",
	Title:  "HAProxy's check that is not answered in time",
	Cause:  "health-check",
	Labels: []string{"real:haproxy", "needs:netns"},
	Drawing: `
HAProxy                server's kernel
  SYN    ───────────▶    request
  "Layer4 timeout"
         ◀───────────  SYN-ACK, late
  RST    ═══════════▶    request gone
`,
	Client: `logs "Layer4 timeout"`,
	Server: "nothing; its late SYN-ACK is answered with RST",
	Twin:   "no SYN-ACK comes: nothing is said",
}, func() {
	// check has HAProxy check a server that a rule at a host keeps from being heard,
	// and lifts the rule when HAProxy has given up.
	check := func(ctx SpecContext, l *lab.Lab, deaf *netlab.Host, address string) (health string) {
		GinkgoHelper()
		rule, err := deaf.Block(netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop})
		Available(err)
		reason := checkOnce(ctx, l, start, address, "timeout connect 100ms")
		Expect(rule.Lift()).To(Succeed())
		Expect(reason).To(Equal("Layer4 timeout"))
		if strings.HasSuffix(reason, " passed") {
			return "healthy"
		}
		return "unhealthy"
	}

	It("is answered with RST when its SYN-ACK comes after all", About(claims.ProbeTimeout), func(ctx SpecContext) {
		l, client, server := StartPair()
		address := Serve(l, servers.Echo).Addr()
		tap, err := server.Tap()
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(tap.Close)

		health := check(ctx, l, client, address)
		_, err = tap.Await(ctx, func(s netlab.Segment) bool { return s.Flags&netlab.RST != 0 }) // the SYN-ACK is sent again
		Expect(err).NotTo(HaveOccurred())

		recording := Recorded(l)
		Expect(recording).To(SatisfyAll(MoveCounter("EmbryonicRsts", 1),
			ShowReset(SentBy(evidence.KernelReply, "client"), Because("NO_SOCKET"), WithFlags("RST"))))
		Measured(claims.ProbeTimeout, health+", "+resetOf(recording, "client"), "the SYN-ACK comes after all")
	}, Limit)

	It("says nothing where no SYN-ACK comes", About(claims.ProbeTimeout), func(ctx SpecContext) {
		l, _, server := StartPair()
		address := Serve(l, servers.Echo).Addr()

		health := check(ctx, l, server, address)

		recording := Recorded(l)
		Expect(recording).To(ShowNoReset())
		Measured(claims.ProbeTimeout, health+", "+resetOf(recording, "client"), "no SYN-ACK ever comes")
	}, Limit)
})

// resetOf says whether a host has sent a RST.
func resetOf(r *evidence.Recording, host string) string {
	for _, reset := range r.Resets {
		if reset.Host == host {
			return "RST"
		}
	}
	return "no RST"
}
