package real

import (
	"io"
	"log"

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

// checkBoth has HAProxy check a Java server and the toy beside it, and sends the toy
// a byte behind that. It returns what the check did to the Java server, the toy's
// first outcome, and the recording, whose first two connections are the checks. Where
// the wire shows that the kernel's delayed ACK was first, both have seen a reset.
func checkBoth(ctx SpecContext, options ...string) (saw string, first lab.Outcome, recording *evidence.Recording) {
	GinkgoHelper()
	l := StartLab()
	server := selectorServer(ctx, l, handled)
	toy, err := servers.StartNIO(l.Host("toy"), log.New(io.Discard, "", 0))
	Expect(err).NotTo(HaveOccurred())
	l.Own(toy)

	Expect(checkOnce(ctx, l, start, server.Addr(), options...)).To(Equal("Layer4 check passed"))
	Expect(checkOnce(ctx, l, start, toy.Addr(), options...)).To(Equal("Layer4 check passed"))

	saw = reached(ctx, l, server)
	clients.SendThenLeave(ctx, l.Host("client"), toy.Addr(), "a", (*lab.Conn).Close)
	Eventually(ctx, toy.Outcomes()).Should(Receive(&first))
	recording = Recorded(l)
	if ackedByTimer(recording, 0) {
		Expect(saw).To(Equal("accepted, then read: reset"))
	}
	if ackedByTimer(recording, 1) {
		Expect(first).To(EndIn("read", harness.Reset))
	}
	return saw, first, recording
}

// HAProxy's layer-4 check takes the SYN-ACK for an answer. It has asked its kernel
// not to acknowledge at once (TCP_QUICKACK), and closes with SO_LINGER 0: the RST
// goes out in the place of the last ACK. That takes the request away in the
// server's kernel before there is a connection to accept (RFC 9293, section
// 3.10.7.4, SYN-RECEIVED; tcp_check_req). With linger it closes in order.
var _ = Situation(catalogue.Situation{
	Name:   "haproxy-checks-at-layer-4",
	Title:  "HAProxy's layer-4 check of a Java server",
	Cause:  "health-check",
	Labels: []string{"real:haproxy", "real:java"},
	Drawing: `
HAProxy                server's kernel        Java server
  SYN      ───────────▶  request
           ◀───────────  SYN-ACK
  RST ACK  ═══════════▶  request gone           (nothing to accept)
  "Layer4 check passed"
`,
	Client: "connect: 0, and it aborts",
	Server: "nothing: there is nothing to accept",
	Twin:   "tcp-check connect linger: FIN, and read gives -1",
}, func() {
	DescribeTable("never reaches the application", About(claims.ProbeSuccess, claims.ProbeHalfOpen),
		func(ctx SpecContext, options ...string) {
			saw, first, recording := checkBoth(ctx, options...)
			for ackedByTimer(recording, 0) || ackedByTimer(recording, 1) {
				saw, first, recording = checkBoth(ctx, options...) // HAProxy was not run in time: that shows nothing of it
			}

			Expect(saw).To(Equal("never accepted"))
			Expect(first).To(EndIn("read", harness.Finished))
			Expect(first.Received).To(BeEquivalentTo(1))
			Measured(claims.ProbeSuccess, saw, "the check sends no data")
			Measured(claims.ProbeHalfOpen, saw)
			half := []string{"client SYN", "server SYN ACK", "client RST ACK"}
			Expect(wire(recording, 0, half...)).To(Equal(half))
			Expect(recording).To(SatisfyAll(MoveCounter("EmbryonicRsts", 2),
				ShowReset(SentBy(evidence.Application, "client"), Because("TCP_STATE"), WithFlags("RST ACK"))))
		},
		Entry("(check)", Limit),
		Entry("(option tcp-check)", "option tcp-check", Limit),
		Entry("(tcp-check connect)", "option tcp-check", "tcp-check connect", Limit),
		Entry("(option tcp-smart-connect)", "option tcp-smart-connect", Limit),
	)

	It("is accepted and ends in order with tcp-check connect linger", About(claims.ProbeSuccess), func(ctx SpecContext) {
		l := StartLab()
		server := selectorServer(ctx, l, handled)

		Expect(checkOnce(ctx, l, start, server.Addr(), "option tcp-check", "tcp-check connect linger")).To(Equal("Layer4 check passed"))

		saw := reached(ctx, l, server)
		Expect(saw).To(Equal("accepted, then read: finished"))
		Measured(claims.ProbeSuccess, saw, "the check closes with FIN")
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)
})
