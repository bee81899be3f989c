package real

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A check that sends something has completed the handshake by that: the server
// accepts, reads, and answers. HAProxy has what it wants then, and closes with
// SO_LINGER 0, which is where the server's next read fails.
var _ = Situation(catalogue.Situation{
	Name:   "haproxy-checks-with-data",
	Title:  "HAProxy's check of a Java server that sends data",
	Cause:  "health-check",
	Labels: []string{"real:haproxy", "real:java"},
	Drawing: `
HAProxy                Java server
  SYN      ───────────▶
           ◀───────────  SYN-ACK
  "PING"   ───────────▶  accept, read 4
           ◀───────────  "PING"
  RST ACK  ═══════════▶  read: SocketException: Connection reset
`,
	Client: "has its answer, and aborts",
	Server: "read: what was sent, then the exception",
	Twin:   "the check sends nothing: it never reaches the application",
}, func() {
	DescribeTable("is read, answered and then a reset", About(claims.ProbeSuccess),
		func(ctx SpecContext, reason, read string, options ...string) {
			l := StartLab()
			server := selectorServer(ctx, l, handled)

			Expect(checkOnce(ctx, l, trace, server.Addr(), options...)).To(Equal(reason))

			saw := reached(ctx, l, server)
			Expect(saw).To(Equal("accepted, then read: reset"))
			Expect(server.Text()).To(HavePrefix("listening\naccept 1\nread 1 " + read + "\nread 1 java."))
			Measured(claims.ProbeSuccess, saw, "the check sends data")
			Expect(Recorded(l)).To(ShowReset(SentBy(evidence.Application, "client"), Because("TCP_STATE"), WithFlags("RST ACK")))
		},
		Entry("(tcp-check send and expect)", "Layer7 check passed", "4",
			"option tcp-check", "tcp-check connect", "tcp-check send PING", "tcp-check expect string PING", Limit),
		Entry("(option httpchk)", "Layer7 invalid response", "22", "option httpchk", Limit),
	)
})
