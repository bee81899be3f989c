package scenarios

import (
	"net/netip"
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
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A client that lost a connection and connects from the same port finds the
// server still holding the old one. The server challenges its SYN with an ACK
// of the old connection; the client knows nothing of that and resets it, and
// its next SYN gets through (RFC 9293, section 3.5.1; RFC 5961, section 4.2).
// Where a server leaks sockets in CLOSE-WAIT the same heals it, and is the only
// thing that ends them. The next SYN follows within milliseconds, not after the
// second that one which is sent again waits for (net/ipv4/tcp_input.c,
// tcp_rcv_synsent_state_process).
var _ = Situation(catalogue.Situation{
	Name:   "port-used-again",
	Title:  "A port that is used again",
	Cause:  "port-reused",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 server
  forgets                ESTABLISHED, or CLOSE_WAIT
  SYN    ───────────▶
         ◀───────────  ACK of the old connection
  RST    ═══════════▶    the old socket: ECONNRESET, or EPIPE
  SYN    ───────────▶    a new connection
`,
	Client: "connect: 0, after a RST of its own",
	Server: "the old connection: ECONNRESET",
	Twin:   "from another port the old connection is left alone",
	Script: `
--- resets-the-connection-that-the-server-still-holds
listener listen; client connect; server accept
client vanish
client2 bind same as client
client2 connect → waits
client2 returns within 60s → ok
server read 1 → ECONNRESET
--- clears-a-socket-away-that-the-server-leaks-in-close-wait
listener listen; client connect; server accept
client shutdown write
client vanish
client2 bind same as client
client2 connect → waits
client2 returns within 60s → ok
server write "x" → EPIPE
`,
}, func() {
	// again connects, has the first connection end, and connects from its port.
	again := func(ctx SpecContext, from uint16, end func(l *lab.Lab, client *netlab.Host, c, far *lab.Conn)) (
		left *lab.Conn, moved map[string]int64, finish func() *evidence.Recording,
	) {
		GinkgoHelper()
		l, client, server := StartPair()
		answerAll(server)
		listener := listen(ctx, l)
		c, old := connectedTo(ctx, l, listener)
		end(l, client, c, old)
		if from == 0 {
			from = netip.MustParseAddrPort(c.LocalAddr().String()).Port()
		}
		before := counters(server)

		fresh, err := l.Host("client").DialFrom(ctx, from, listener.Addr())
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(fresh.Close)
		far := accept(ctx, listener)
		send(fresh, far, "new")
		moved = countedSince(server, before)

		return old, moved, func() *evidence.Recording {
			GinkgoHelper()
			return Recorded(l, old, fresh, far)
		}
	}
	forget := func(_ *lab.Lab, client *netlab.Host, c, _ *lab.Conn) {
		GinkgoHelper()
		Expect(client.Forget(c)).To(Succeed())
	}
	halfClose := func(ctx SpecContext) func(*lab.Lab, *netlab.Host, *lab.Conn, *lab.Conn) {
		return func(_ *lab.Lab, client *netlab.Host, c, far *lab.Conn) {
			GinkgoHelper()
			Expect(c.CloseWrite()).To(Succeed())
			Expect(far.AwaitFinish(ctx)).To(Succeed())
			becomes(ctx, c, "FIN_WAIT2")
			Expect(client.Forget(c)).To(Succeed()) // as when tcp_fin_timeout is over
		}
	}
	healed := ShowReset(SentBy(evidence.KernelReply, "client"), Because("TCP_INVALID_ACK_SEQUENCE"),
		WithFlags("RST"))

	It("resets the connection that the server still holds", func(ctx SpecContext) {
		old, moved, finish := again(ctx, 0, forget)
		clients.ReadAll(old)

		Expect(old.Outcome()).To(EndIn("read", harness.Reset))
		Expect(moved).To(And(HaveKey("TCPSYNChallenge"), HaveKey("TCPChallengeACK")))
		Note(old.Outcome())
		Expect(finish()).To(healed)
	}, Limit)

	It("clears a socket away that the server leaks in CLOSE-WAIT", func(ctx SpecContext) {
		old, moved, finish := again(ctx, 0, halfClose(ctx))
		clients.WriteByte(old)

		Expect(old.Outcome().Calls[len(old.Outcome().Calls)-1].Ending).To(Equal(harness.BrokenPipe))
		Expect(moved).To(And(HaveKey("TCPSYNChallenge"), HaveKey("TCPChallengeACK")))
		Note(old.Outcome())
		Expect(finish()).To(healed)
	}, Limit)

	It("leaves the old connection alone if it is another port", func(ctx SpecContext) {
		old, moved, _ := again(ctx, 1024, forget)

		Expect(moved).NotTo(HaveKey("TCPSYNChallenge"))
		Expect(state(old)).To(Equal("ESTABLISHED"))
	}, Limit)

	It("resets nothing if both ends had finished", func(ctx SpecContext) {
		_, moved, finish := again(ctx, 0, func(_ *lab.Lab, _ *netlab.Host, c, far *lab.Conn) {
			Expect(far.Close()).To(Succeed())
			Expect(c.AwaitFinish(ctx)).To(Succeed())
			Expect(c.CloseWrite()).To(Succeed())
			becomes(ctx, c, "CLOSE")
			Expect(c.Close()).To(Succeed())
		})

		Expect(moved).NotTo(HaveKey("TCPSYNChallenge"))
		Expect(finish()).To(ShowNoReset())
	}, Limit)
})

// becomes waits until a connection is in a state.
func becomes(ctx SpecContext, c *lab.Conn, inState string) {
	GinkgoHelper()
	Eventually(ctx, func() string { return state(c) }).WithPolling(time.Millisecond).Should(Equal(inState))
}
