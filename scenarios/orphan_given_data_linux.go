package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// When a program closes its socket, the kernel sends the FIN and looks after
// the rest of the connection as an orphan. Data that still comes can be given
// to nobody, and the peer has to be told that it is lost (RFC 9293, section
// 3.6.1; RFC 1122, section 4.2.2.13; net/ipv4/tcp_input.c,
// tcp_rcv_state_process). Once the FIN is acknowledged Linux keeps only a small
// TIME_WAIT socket that stands for FIN-WAIT-2 (net/ipv4/tcp_minisocks.c).
var _ = Situation(catalogue.Situation{
	Name:   "orphan-given-data",
	Title:  "A connection that its program has closed and that still gets data",
	Cause:  "wrote-after-close",
	Labels: []string{"needs:root"},
	Drawing: `
server                 peer
  close
  FIN    ───────────▶
         ◀───────────  "x"
  RST    ═══════════▶
`,
	Client: "write: 0, then EPIPE",
	Server: "nothing: the program has closed",
	Twin:   "the other end only finishes: there is no RST",
	Script: `
--- is-reset-by-what-cannot-be-delivered-when-its-fin-is-acknowledged-fin-wait2-data
server close → ok
client write "x" → 1
client await rst → ok
client write "x" → EPIPE
--- is-no-orphan-while-the-program-can-still-read
server shutdown write
client write "x" → 1
server read 1 → "x"
`,
}, func() {
	x := func(s *netlab.Segment) { s.Payload = []byte("x") }
	syn := func(s *netlab.Segment) { s.Flags, s.Ack = netlab.SYN, 0 }

	DescribeTable("is reset by what cannot be delivered",
		func(ctx SpecContext, acknowledged bool, send func(*netlab.Segment), reason string, flags netlab.Flags,
			counter string,
		) {
			l, server, peer := startPeer("server")
			listener := listen(ctx, l)
			next := shake(ctx, peer, listener)
			c := accept(ctx, listener)
			Expect(c.Close()).To(Succeed())
			fin := hear(ctx, peer, netlab.FIN|netlab.ACK)
			if acknowledged {
				next = replyTo(fin)
				say(peer, next)
			}
			before := counters(server)
			late := next
			send(&late)

			say(peer, late)
			rst := hearReset(ctx, peer)
			moved := countedSince(server, before)

			Expect(rst).To(And(HaveField("Flags", flags), HaveField("Seq", late.Ack), HaveField("Window", BeZero())))
			Expect(moved).To(And(HaveKeyWithValue("OutRsts", int64(1)), HaveKeyWithValue(counter, int64(1))))
			Expect(Recorded(l)).To(ShowReset(SentBy(evidence.KernelReply, "server"), Because(reason),
				WithFlags(flags.String())))
		},
		Entry("while its FIN is not acknowledged (FIN_WAIT1)", false, x, "TCP_ABORT_ON_DATA", netlab.RST,
			"TCPAbortOnData", Limit),
		Entry("when its FIN is acknowledged (FIN_WAIT2): data", true, x, "TCP_TIMEWAIT_SOCKET", netlab.RST,
			"OutRsts", Limit),
		Entry("when its FIN is acknowledged (FIN_WAIT2): a SYN in the window", true, syn, "TCP_TIMEWAIT_SOCKET",
			netlab.RST|netlab.ACK, "OutRsts", Limit),
	)

	It("is reset by nothing if the other end only finishes", func(ctx SpecContext) {
		l, server, peer := startPeer("server")
		listener := listen(ctx, l)
		shake(ctx, peer, listener)
		c := accept(ctx, listener)
		Expect(c.Close()).To(Succeed())
		fin := hear(ctx, peer, netlab.FIN|netlab.ACK)

		finished := replyTo(fin)
		finished.Flags |= netlab.FIN
		say(peer, finished)
		last := hear(ctx, peer, netlab.ACK)

		Expect(last.Ack).To(Equal(finished.Next()))
		Expect(sentResets(server)).To(BeZero())
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)

	It("is no orphan while the program can still read", func(ctx SpecContext) {
		l, server, peer := startPeer("server")
		listener := listen(ctx, l)
		shake(ctx, peer, listener)
		c := accept(ctx, listener)
		Expect(c.CloseWrite()).To(Succeed())
		next := replyTo(hear(ctx, peer, netlab.FIN|netlab.ACK))
		x(&next)

		say(peer, next)
		clients.ReadByte(c)

		Expect(c.Outcome().Received).To(BeEquivalentTo(1))
		Expect(sentResets(server)).To(BeZero())
		Expect(Recorded(l, c)).To(ShowNoReset())
	}, Limit)
})
