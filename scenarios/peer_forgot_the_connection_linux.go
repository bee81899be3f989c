package scenarios

import (
	"net"
	"time"

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
)

// A machine that crashes takes its connections with it and tells nobody. When
// it is back it knows none of them, and answers the next segment of each with
// RST (RFC 9293, section 3.5.1, half-open connections), whether somebody
// listens there again (tcp_rcv_state_process in LISTEN) or not (tcp_v4_rcv, no
// socket). A client that only reads sends no segment, and never learns.
var _ = Situation(catalogue.Situation{
	Name:   "peer-forgot-the-connection",
	Title:  "A server whose machine crashed",
	Cause:  "restarted",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 server
  ESTABLISHED            ESTABLISHED
                         crashes, is back
  "a"    ───────────▶    unknown
         ◀═══════════  RST
  read: ECONNRESET
`,
	Client: "at the next write: ECONNRESET; never, if it only reads",
	Server: "knows nothing of it",
	Twin:   "only the listener went and came back: the connection goes on",
	Script: `
--- nobody-listens
server vanish; listener close
client write "a" → 1
client await rst → ok
client read 1 → ECONNRESET
--- only-reads
server vanish; listener close
client/reader read 1 → waits
client/reader returns → not yet
client state → ESTABLISHED
client/writer write "a" → 1
client/reader returns → ECONNRESET
--- goes-on-where-only-the-listener-went-and-came-back
listener close
client write "a" → 1
server read 1 → "a"
--- resets-a-client-that-waits-at-its-first-keepalive-probe
client set keepalive 1s 1s 1
server vanish; listener close
client await rst within 60s → ok
client read 1 → ECONNRESET
`,
}, func() {
	// crash connects, and has the server forget it when nothing is on the way.
	// The tap at the client has seen what went before.
	crash := func(ctx SpecContext) (l *lab.Lab, server *netlab.Host, tap *netlab.Tap, c *lab.Conn) {
		GinkgoHelper()
		l, client, server := StartPair()
		tap = tapAt(client)
		c, far := connected(ctx, l)
		send(c, far, "a")
		_, err := tap.Await(ctx, func(s netlab.Segment) bool { return !s.Outgoing && s.Flags == netlab.ACK })
		Expect(err).NotTo(HaveOccurred())
		Expect(server.Forget(far)).To(Succeed())
		return l, server, tap, c
	}

	DescribeTable("resets the client at its next segment",
		func(ctx SpecContext, listens bool, reason string) {
			l, server, tap, c := crash(ctx)
			before := sentResets(server)
			if listens {
				listenAgain(ctx, l, c)
			}

			clients.WriteByte(c)
			clients.ReadAll(c)

			Expect(c.Outcome()).To(EndIn("read", harness.Reset))
			wire := resetsIn(tap)
			Expect(wire).NotTo(BeEmpty())
			Expect(wire[0].Flags).To(Equal(netlab.RST), "no acknowledgment: there is nothing to acknowledge")
			Expect(sentResets(server)).To(BeNumerically(">", before))
			MeasuredEach(c.Outcome())
			Expect(Recorded(l, c)).To(ShowReset(
				SentBy(evidence.KernelReply, "server"), Because(reason), WithFlags("RST")))
		},
		Entry("while nobody listens", false, "NO_SOCKET", Named("nobody-listens"), About(claims.UnknownConnection, claims.PeerLostState), Limit),
		Entry("also when the server listens again", true, "TCP_FLAGS",
			About(claims.UnknownConnection, claims.CrashAndBack, claims.PeerRestartTimeout), Limit),
	)

	It("resets a client that waits at its first keepalive probe", About(claims.CrashAndBack), func(ctx SpecContext) {
		l, _, _, c := crash(ctx)
		keepalive := net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second, Count: 9}
		Expect(c.TCP().SetKeepAliveConfig(keepalive)).To(Succeed())

		clients.ReadAll(c)

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Measured(claims.CrashAndBack, c.Outcome())
		Expect(Recorded(l, c)).To(SatisfyAll(MoveCounter("TCPKeepAlive", 1),
			ShowReset(SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST"))))
	}, Limit)

	It("is not noticed by a client that only reads, until it writes", Named("only-reads"), About(claims.CrashAndBack), func(ctx SpecContext) {
		const patience = 50 * time.Millisecond
		_, _, tap, c := crash(ctx)
		Expect(c.SetReadDeadline(time.Now().Add(patience))).To(Succeed())

		clients.ReadAll(c)
		idle := c.Outcome()
		Expect(tap.Seen()).To(BeEmpty(), "nothing goes either way")
		Expect(state(c)).To(Equal("ESTABLISHED"))
		Expect(c.SetReadDeadline(time.Time{})).To(Succeed())
		clients.WriteByte(c)
		clients.ReadAll(c)

		Expect(c.Outcome()).To(EndIn("read", harness.GaveUp).Then("write", harness.Open).Then("read", harness.Reset))
		Measured(claims.CrashAndBack, idle, "the client only reads")
	}, Limit)

	It("goes on where only the listener went and came back", func(ctx SpecContext) {
		l, _, _ := StartPair()
		c, far := connected(ctx, l)

		listenAgain(ctx, l, c)

		send(c, far, "a")
		Expect(state(c)).To(Equal("ESTABLISHED"))
		Note(c.Outcome())
	}, Limit)
})

// listenAgain has the server listen where c is connected to.
func listenAgain(ctx SpecContext, l *lab.Lab, c *lab.Conn) {
	GinkgoHelper()
	listener, err := l.Host("server").ListenAt(ctx, c.RemoteAddr().(*net.TCPAddr).AddrPort().Port())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(listener.Close)
}
