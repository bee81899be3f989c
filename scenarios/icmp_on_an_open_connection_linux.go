package scenarios

import (
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// ICMP destination unreachable ends an attempt to connect, but to an open
// connection it is a hint that must not end it (RFC 1122, section 4.2.3.9):
// Linux notes a soft error, which only SO_ERROR shows, and sends again. Should
// the connection time out, the soft error is what it timed out with
// (net/ipv4/tcp_timer.c, tcp_write_err): "connection refused" in the middle of
// a connection, and no RST on the wire.
var _ = Situation(catalogue.Situation{
	Name:   "icmp-on-an-open-connection",
	Title:  "ICMP unreachable on an open connection",
	Cause:  "icmp-unreachable",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 router                 server
  "a"    ───────────▶    no such port
         ◀───────────  ICMP
  SO_ERROR: ECONNREFUSED
  "a"    ──────────────────────────────────▶    read: "a"
`,
	Client:     "SO_ERROR: ECONNREFUSED or EHOSTUNREACH; the connection lives, or times out with that",
	Server:     "what was sent, later",
	Twin:       "without ICMP it times out with ETIMEDOUT",
	Unscripted: "a device on the way sends ICMP",
}, func() {
	const withICMP = "it rejects with ICMP"

	It("is a soft error, and what was sent arrives later", func(ctx SpecContext) {
		l, _, router, _ := StartTriple()
		c, far := connected(ctx, l)

		outage := block(router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.RejectPort})
		clients.WriteByte(c)
		// The first may come while the socket is busy sending (LockDroppedIcmps).
		Eventually(ctx, c.SocketError).Should(MatchError(syscall.ECONNREFUSED))
		meanwhile := state(c)
		Expect(outage.Lift()).To(Succeed())
		clients.ReadByte(far)
		send(far, c, "b")

		Expect(c.Outcome()).To(EndIn("so_error", harness.Refused).Then("read", harness.Open))
		Expect(meanwhile).To(Equal("ESTABLISHED"))
		Expect(far.Outcome().Received).To(BeEquivalentTo(1))
		Note(c.Outcome(), far.Outcome())
		closeInTurn(ctx, c, far)
		Expect(Recorded(l)).To(SatisfyAll(ShowNoReset(), MoveCounter("EstabResets", 0)))
	}, Limit)

	DescribeTable("is what it times out with,", About(claims.FirewallBlock),
		func(ctx SpecContext, verdict netlab.Verdict, want harness.Ending, condition string) {
			l, client, router, _ := StartTriple()
			c, far := connected(ctx, l)
			Expect(clients.GiveUpAfter(c, 100*time.Millisecond)).To(Succeed())
			tap := tapAt(client)

			block(router, netlab.Rule{Hook: netlab.Forward, Verdict: verdict})
			clients.WriteByte(c)
			clients.ReadAll(c)

			Expect(c.Outcome()).To(EndIn("read", want))
			Expect(counted(client, "TCPAbortOnTimeout")).To(BeEquivalentTo(1))
			Expect(state(far)).To(Equal("ESTABLISHED"))
			Expect(resetsIn(tap)).To(BeEmpty())
			Measured(claims.FirewallBlock, c.Outcome().Ending, condition)
		},
		Entry("refused after port unreachable", netlab.RejectPort, harness.Refused, withICMP, Limit),
		Entry("unreachable after host unreachable", netlab.RejectHost, harness.Unreachable, withICMP, Limit),
		Entry("unreachable after prohibited", netlab.RejectAdmin, harness.Unreachable, withICMP, Limit),
		Entry("timed out if nothing came", netlab.Drop, harness.TimedOut, "it drops", Limit),
	)
})
