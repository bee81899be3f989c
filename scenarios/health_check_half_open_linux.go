package scenarios

import (
	"net/netip"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// Some health checkers make their SYN themselves, and have no socket. Their
// kernel knows nothing of it and answers the SYN-ACK with RST, in the place of
// the last ACK. That takes the request away in the backend's kernel, before
// there is a connection to accept (RFC 9293, section 3.10.7.4, SYN-RECEIVED;
// tcp_check_req).
var _ = Situation(catalogue.Situation{
	Name:   "health-check-half-open",
	Title:  "A half-open health check",
	Cause:  "health-check",
	Labels: []string{"needs:netns"},
	Drawing: `
checker                backend's kernel       backend
  SYN    ───────────▶    request
         ◀───────────  SYN-ACK
  RST    ═══════════▶    request gone           (nothing to accept)
`,
	Client:     "the checker has its SYN-ACK, and its kernel sends RST",
	Server:     "nothing: there is nothing to accept",
	Twin:       "the checker completes the handshake: accept: 0, then read: ECONNRESET",
	Unscripted: "the SYN comes from no socket",
}, func() {
	It("never reaches the application", About(claims.ProbeHalfOpen), func(ctx SpecContext) {
		l, client, server := StartPair()
		backend := Serve(l, servers.Echo)
		tap := tapAt(server)

		from, to := netip.AddrPortFrom(client.IP(), 1), netip.MustParseAddrPort(backend.Addr())
		syn := netlab.Segment{Source: from, Destination: to, Flags: netlab.SYN, Window: 1024}
		Expect(client.Forge(syn)).To(Succeed())
		awaitSegment(ctx, tap, func(s netlab.Segment) bool { return s.Flags == netlab.SYN|netlab.ACK })
		awaitSegment(ctx, tap, isReset)

		saw := reached(ctx, l, backend)
		Expect(saw).To(Equal("never accepted"))
		Measured(claims.ProbeHalfOpen, saw)
		Expect(Recorded(l)).To(SatisfyAll(MoveCounter("EmbryonicRsts", 1),
			ShowReset(SentBy(evidence.KernelReply, "client"), Because("NO_SOCKET"), WithFlags("RST"))))
	}, Limit)

	It("is none if the checker completes the handshake: that is accepted, and read", func(ctx SpecContext) {
		l, _, _ := StartPair()
		backend := Serve(l, servers.Echo)

		healthy, _ := clients.Probe(ctx, l.Host("client"), backend.Addr())

		Expect(healthy).To(BeTrue())
		Expect(reached(ctx, l, backend)).To(Equal("accepted, then read: reset"))
		Expect(Recorded(l)).To(SatisfyAll(MoveCounter("EmbryonicRsts", 0),
			ShowReset(SentBy(evidence.Application, "client"), WithFlags("RST ACK"))))
	}, Limit)
})

// isReset says whether a segment is a RST.
func isReset(s netlab.Segment) bool { return s.Flags&netlab.RST != 0 }

// reached says what a check did to the server's program, which serves a client
// after it.
func reached(ctx SpecContext, l *lab.Lab, server lab.Server) string {
	GinkgoHelper()
	client := clients.ExchangeThenClose(dial(ctx, l, server.Addr()), "a")
	Expect(client).To(EndIn("close", harness.Closed))
	checks := acceptedBeside(ctx, l, server, client)
	if len(checks) == 0 {
		return "never accepted"
	}
	return afterAccept(checks[0])
}
