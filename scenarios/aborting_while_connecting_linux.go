package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// An abort in SYN-SENT deletes the connection and says nothing (RFC 9293,
// section 3.10.5): there is nobody yet who would know what a RST is about. The
// kernel counts it with the other aborts all the same (__tcp_close,
// TCPAbortOnData), so that the counter alone does not prove a RST.
var _ = Situation(catalogue.Situation{
	Name:   "aborting-while-connecting",
	Title:  "Aborting while connecting",
	Cause:  "linger-zero",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 firewall
  SYN    ───────────▶    drop
  linger 0, close
                         (nothing)
`,
	Client: "its abort succeeds",
	Server: "nothing: no connection was made",
	Twin:   "the abort comes behind the SYN-ACK: a RST reaches the server",
	Script: `
--- puts-nothing-on-the-wire-before-the-syn-ack
listener listen
network drops all toward listener
client set nonblocking on
client connect → EINPROGRESS
client abort → ok
wire rst from client → 0
`,
}, func() {
	// abort begins to connect to a server and aborts when a segment that
	// matches has passed the client.
	abort := func(ctx SpecContext, l *lab.Lab, client *netlab.Host, when func(netlab.Segment) bool) lab.Server {
		GinkgoHelper()
		server, tap := Serve(l, servers.ReadOneByteThenClose), tapAt(client)
		socket, err := client.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK, 0)
		Expect(err).NotTo(HaveOccurred())
		await := func() { awaitSegment(ctx, tap, when) }
		saw, err := clients.AbortConnecting(l.Host("client"), socket, server.Addr(), await)
		Expect(err).NotTo(HaveOccurred())
		Expect(saw).To(EndIn("abort", harness.Closed))
		Note(saw)
		return server
	}

	It("puts nothing on the wire before the SYN-ACK", func(ctx SpecContext) {
		l, client, server := StartPair()
		block(server, netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop})

		backend := abort(ctx, l, client, func(s netlab.Segment) bool { return s.Flags == netlab.SYN })

		Expect(Recorded(l)).To(SatisfyAll(MoveCounter("TCPAbortOnData", 1), MoveCounter("OutRsts", 0), ShowNoReset()))
		Expect(backend.Outcomes()).To(BeClosed(), "nothing was accepted")
	}, Limit)

	It("resets the server behind it", func(ctx SpecContext) {
		l, client, _ := StartPair()

		backend := abort(ctx, l, client, func(s netlab.Segment) bool { return s.Outgoing && s.Flags == netlab.ACK })

		Eventually(ctx, backend.Outcomes()).Should(Receive(EndIn("read", harness.Reset)))
		Expect(Recorded(l)).To(SatisfyAll(MoveCounter("TCPAbortOnData", 1),
			ShowReset(SentBy(evidence.Application, "client"), Because("TCP_STATE"), WithFlags("RST ACK"))))
	}, Limit)
})
