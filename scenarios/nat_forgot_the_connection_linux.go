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
)

// A NAT that forgot a connection, by idleness, restart or failover, no longer
// translates its segments. What the client sends to the address it knows ends
// at the router, what the server sends reaches the client from an address it
// does not know; either is answered with RST, and by a TCP that did nothing
// wrong. Linux takes a segment in the middle of a connection for a new one
// unless nf_conntrack_tcp_loose is 0: if the client speaks first, the NAT
// learns the connection again.
var _ = Situation(catalogue.Situation{
	Name:   "nat-forgot-the-connection",
	Title:  "A NAT that forgot the connection",
	Cause:  "nat-forgot",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 router, forgot         server
  "b"    ───────────▶    no socket
         ◀═══════════  RST
  read: ECONNRESET                              ESTABLISHED
         ◀───────────────────────────────────  "c"
  no socket  RST ════════════════════════════▶
                                                read: ECONNRESET
`,
	Client:     "at the next write: ECONNRESET",
	Server:     "nothing until it speaks, then ECONNRESET",
	Twin:       "a client that speaks first is learnt again, if the NAT may",
	Unscripted: "a NAT stands between",
}, func() {
	flush := func(_ SpecContext, router *netlab.Host, _, _ *lab.Conn) {
		Expect(router.ForgetFlows()).To(Succeed())
	}
	idle := func(ctx SpecContext, router *netlab.Host, c, far *lab.Conn) {
		setTracking(router, "tcp_timeout_established", 1) // second, from the next segment on
		send(c, far, "a")
		Eventually(ctx, router.Flows).Should(BeZero())
	}

	DescribeTable("resets the end that speaks, then the other, if it takes no connection up halfway:",
		func(ctx SpecContext, forget func(SpecContext, *netlab.Host, *lab.Conn, *lab.Conn)) {
			l, router, _, c, far := throughNAT(ctx)
			setTracking(router, "tcp_loose", 0)
			send(c, far, "a")

			forget(ctx, router, c, far)
			clients.WriteByte(c)
			clients.ReadAll(c)
			meanwhile := state(far)
			clients.WriteByte(far)
			clients.ReadAll(far)

			Expect(c.Outcome()).To(EndIn("read", harness.Reset))
			Expect(meanwhile).To(Equal("ESTABLISHED"))
			Expect(far.Outcome()).To(EndIn("read", harness.Reset))
			Expect(Recorded(l, c, far)).To(SatisfyAll(
				ShowReset(SentBy(evidence.KernelReply, "router"), Because("NO_SOCKET"), WithFlags("RST")),
				ShowReset(SentBy(evidence.KernelReply, "client"), Because("NO_SOCKET"), WithFlags("RST"))))
			MeasuredEach(c.Outcome())
			Note(far.Outcome())
		},
		Entry("it was idle", idle, About(claims.IdleTimeout), Limit),
		Entry("the NAT was restarted", flush, About(claims.NotFromPeer), Limit),
	)

	It("learns it again from a client that speaks first, if it may", func(ctx SpecContext) {
		l, router, _, c, far := throughNAT(ctx)
		setTracking(router, "tcp_loose", 1)

		Expect(router.ForgetFlows()).To(Succeed())
		send(c, far, "b")
		send(far, c, "c")

		Note(c.Outcome(), far.Outcome())
		closeInTurn(ctx, c, far)
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)

	It("has a server that speaks first reset by its own client", func(ctx SpecContext) {
		l, router, _, c, far := throughNAT(ctx)
		setTracking(router, "tcp_loose", 1)

		Expect(router.ForgetFlows()).To(Succeed())
		clients.WriteByte(far)
		clients.ReadAll(far)
		meanwhile := state(c)
		clients.WriteByte(c)
		clients.ReadAll(c)

		Expect(far.Outcome()).To(EndIn("read", harness.Reset))
		Expect(meanwhile).To(Equal("ESTABLISHED"))
		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(sentResets(router)).To(BeZero())
		Expect(Recorded(l, c, far)).To(SatisfyAll(
			ShowReset(SentBy(evidence.KernelReply, "client"), Because("NO_SOCKET"), WithFlags("RST")),
			ShowReset(SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST"))))
		Note(far.Outcome(), c.Outcome())
	}, Limit)
})

// throughNAT connects the client to an address of the router, which redirects
// to the server.
func throughNAT(ctx SpecContext) (l *lab.Lab, router, server *netlab.Host, c, far *lab.Conn) {
	GinkgoHelper()
	l, _, router, server = StartTriple()
	listener, err := l.Host("server").Listen(ctx)
	Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	real := netip.MustParseAddrPort(listener.Addr())
	virtual := netip.AddrPortFrom(router.IP(), real.Port())
	Available(router.Require(netlab.Translation))
	Expect(router.Translate(netlab.NAT{From: virtual, To: real})).To(Succeed())
	c, err = l.Host("client").Dial(ctx, virtual.String())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(c.Close)
	far, err = listener.Accept(ctx)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(far.Close)
	return l, router, server, c, far
}
