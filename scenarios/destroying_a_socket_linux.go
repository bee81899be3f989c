package scenarios

import (
	"net"
	"net/netip"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"

	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// An administrator can end any connection of a machine from outside the
// program that has it (ss -K; sock_diag(7), SOCK_DESTROY). The peer gets a RST
// that looks like an abort, the owner an error that nothing else gives it:
// ECONNABORTED (tcp_abort). A listener that is destroyed takes the connections
// with it that wait to be accepted, and accept fails with EINVAL.
var _ = Situation(catalogue.Situation{
	Name:   "destroying-a-socket",
	Title:  "Destroying a socket from outside",
	Cause:  "destroyed",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 ss -K                  server
                         destroys it ───────▶
         ◀═════════════════════════════════  RST
  read: ECONNRESET                             read: ECONNABORTED
`,
	Client: "read: ECONNRESET",
	Server: "read: ECONNABORTED",
	Twin:   "the other connections are left alone",
	Script: `
--- aborts-it-for-its-owner-and-resets-the-peer
network destroys server → ok
client read 1 → ECONNRESET
server read 1 → ECONNABORTED
--- resets-those-who-wait-for-accept-if-it-is-a-listener
listener listen; client connect
network destroys listener → ok
client read 1 → ECONNRESET
`,
}, func() {
	It("aborts it for its owner and resets the peer", About(claims.LocallyGenerated), func(ctx SpecContext) {
		l, _, server := StartPair()
		c, far := connected(ctx, l)

		Available(server.Destroy(addrPort(far.LocalAddr()), addrPort(far.RemoteAddr())))
		clients.ReadAll(far)
		clients.ReadAll(c)
		clients.WriteByte(far)

		Expect(far.Outcome()).To(EndIn("read", harness.Aborted).Then("write", harness.BrokenPipe))
		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Note(c.Outcome())
		Measured(claims.LocallyGenerated, far.Outcome(), "somebody destroys the socket")
		Expect(Recorded(l, c, far)).To(SatisfyAll(MoveCounter("EstabResets", 1),
			ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK"))))
	}, Limit)

	It("resets those who wait for accept if it is a listener", func(ctx SpecContext) {
		l, _, server := StartPair()
		listener, err := l.Host("server").Listen(ctx)
		Expect(err).NotTo(HaveOccurred())
		l.Own(listener)
		c := dial(ctx, l, listener.Addr())
		Expect(listener.AwaitConnection(ctx)).To(Succeed())

		Available(server.DestroyListener(addrPort(listener.TCP().Addr())))
		clients.ReadAll(c)
		_, err = listener.Accept(ctx)

		Expect(err).To(MatchError(syscall.EINVAL))
		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Note(c.Outcome())
		Expect(Recorded(l, c)).To(ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE")))
	}, Limit)

	It("leaves the other connections alone", func(ctx SpecContext) {
		l, _, server := StartPair()
		_, far := connected(ctx, l)
		c, other := connected(ctx, l)

		Available(server.Destroy(addrPort(far.LocalAddr()), addrPort(far.RemoteAddr())))

		send(other, c, "still here")
		Expect(c.Outcome().Ending).To(Equal(harness.Open))
		Note(c.Outcome())
	}, Limit)
})

// addrPort is the address of a TCP socket.
func addrPort(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }
