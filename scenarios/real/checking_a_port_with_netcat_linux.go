package real

import (
	"net"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// nc -z connects and closes: the handshake tells that somebody listens. The
// server accepts a client that says nothing and finishes politely. Where nobody
// listens the kernel answers the SYN with RST, and connect(2) gives ECONNREFUSED.
var _ = Situation(catalogue.Situation{
	Name:   "netcat-checks-a-port",
	Title:  "nc -zv at a port",
	Cause:  "refused",
	Labels: []string{"real:nc"},
	Drawing: `
nc                     server
  SYN      ───────────▶
           ◀═══════════  RST ACK      nobody listens
  "Connection refused"
`,
	Client: "connect: ECONNREFUSED, and exit status 1",
	Server: "nothing: its kernel answers",
	Twin:   "somebody listens: connect: 0, FIN, and exit status 0",
}, func() {
	It("calls one refused where nobody listens", About(claims.PortCheck), func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.Echo)
		host, port, err := net.SplitHostPort(server.Addr())
		Expect(err).NotTo(HaveOccurred())
		Expect(server.Close()).To(Succeed())

		status, lines := said(ctx, supervise(ctx), "nc", "-zv", host, port)

		Expect(status).To(Equal(1))
		Expect(lines).To(ConsistOf(MatchRegexp(`^nc: connect to .* port \d+ \(tcp\) failed: Connection refused$`)))
		Measured(claims.PortCheck, portCalled(lines))
		Expect(Recorded(l)).To(ShowReset(SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST ACK")))
	}, Limit)

	It("calls one open where somebody listens, and closes with FIN", About(claims.PortCheck), func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.Echo)
		host, port, err := net.SplitHostPort(server.Addr())
		Expect(err).NotTo(HaveOccurred())

		status, lines := said(ctx, supervise(ctx), "nc", "-zv", host, port)

		Expect(status).To(BeZero())
		Expect(lines).To(ConsistOf(MatchRegexp(`^Connection to .* port \[tcp/.*\] succeeded!$`)))
		var saw lab.Outcome
		Eventually(ctx, server.Outcomes()).Should(Receive(&saw))
		Expect(saw).To(EndIn("read", harness.Finished))
		Measured(claims.PortCheck, portCalled(lines))
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)
})

// portCalled is what nc calls a port, in the words of the claim.
func portCalled(lines []string) string {
	switch said := strings.Join(lines, "\n"); {
	case strings.HasSuffix(said, "succeeded!"):
		return "open"
	case strings.HasSuffix(said, "Connection refused"):
		return "refused"
	default:
		return said
	}
}
