package scenarios

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A firewall that blocks chooses what its victim sees: it drops in silence, or
// rejects with ICMP, or with a RST in the name of the other end (nft(8),
// reject). An open connection takes ICMP as a soft error and lives on (RFC
// 1122, section 4.2.3.9; tcp_v4_err). The other end learns nothing: its own
// TCP has sent no RST and is still ESTABLISHED.
var _ = Situation(catalogue.Situation{
	Name:   "firewall-on-the-way",
	Title:  "A firewall on the way",
	Cause:  "firewall-rejects",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 firewall               server
  "a"    ───────────▶    reject
         ◀═══════════  RST                      ESTABLISHED
  read: ECONNRESET
                         gone   ◀─────────────  "b"
  no socket  RST  ═══════════════════════════▶
                                                read: ECONNRESET
`,
	Client: "ECONNRESET if it rejects with RST, ETIMEDOUT if it drops",
	Server: "nothing, until it speaks",
	Twin:   "what it does not block is not touched",
	Script: `
--- drops
client set user_timeout 1s
network drops all toward server
client write "b" → 1
client await error within 60s → ok
client read 1 → ETIMEDOUT
server state → ESTABLISHED
`,
}, func() {
	It("resets an open connection if it rejects with RST, the other end later", Named("rejects"), About(claims.FirewallBlock), func(ctx SpecContext) {
		l, client, router, server := StartTriple()
		c, far := connected(ctx, l)
		tap := tapAt(client)

		rule := block(router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.RejectReset})
		clients.WriteByte(c)
		clients.ReadAll(c)
		arrived, meanwhile := resetsIn(tap), state(far)
		Expect(rule.Lift()).To(Succeed())
		clients.WriteByte(far)
		clients.ReadAll(far)

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(arrived).NotTo(BeEmpty())
		Expect(meanwhile).To(Equal("ESTABLISHED"))
		Expect(sentResets(server)).To(BeZero(), "the RST is on the wire in the name of a server that sent none")
		Expect(far.Outcome()).To(EndIn("read", harness.Reset))
		Expect(Recorded(l, c, far)).To(SatisfyAll(
			ShowReset(SentBy(evidence.Between, ""), WithFlags("RST")),
			ShowReset(SentBy(evidence.KernelReply, "client"), Because("NO_SOCKET"), WithFlags("RST"))))
		Note(c.Outcome(), far.Outcome())
		Measured(claims.FirewallBlock, c.Outcome().Ending, "it rejects with RST")
	}, Limit)

	It("lets an open connection time out if it drops", Named("drops"), About(claims.FirewallBlock), func(ctx SpecContext) {
		l, client, router, _ := StartTriple()
		c, far := connected(ctx, l)
		Expect(clients.GiveUpAfter(c, 100*time.Millisecond)).To(Succeed())
		tap := tapAt(client)

		block(router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.Drop})
		clients.WriteByte(c)
		clients.ReadAll(c)

		Expect(c.Outcome()).To(EndIn("read", harness.TimedOut))
		Expect(resetsIn(tap)).To(BeEmpty())
		Expect(state(far)).To(Equal("ESTABLISHED"))
		Measured(claims.FirewallBlock, c.Outcome().Ending, "it drops")
	}, Limit)

	It("holds an open connection up as long as it rejects with ICMP", About(claims.FirewallBlock), func(ctx SpecContext) {
		l, client, router, _ := StartTriple()
		c, far := connected(ctx, l)
		tap := tapAt(client)

		rule := block(router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.RejectAdmin})
		clients.WriteByte(c)
		_, err := tap.Await(ctx, func(s netlab.Segment) bool { return len(s.Payload) == 1 }) // sent
		Expect(err).NotTo(HaveOccurred())
		Expect(rule.Lift()).To(Succeed())
		clients.ReadByte(far)

		Expect(far.Outcome().Received).To(BeEquivalentTo(1))
		Expect(retransmitted(c)).To(BeNumerically(">", 0), "it came when it was sent again")
		Expect(resetsIn(tap)).To(BeEmpty())
		Measured(claims.FirewallBlock, c.Outcome().Ending, "it rejects with ICMP")
	}, Limit)

	DescribeTable("answers a connect", About(claims.FirewallBlock),
		func(ctx SpecContext, verdict netlab.Verdict, want harness.Ending, reset bool) {
			l, client, router, server := StartTriple()
			Expect(client.SetSysctl("net.ipv4.tcp_syn_retries", "1")).To(Succeed())
			door := Serve(l, servers.Echo)
			tap := tapAt(client)

			block(router, netlab.Rule{Hook: netlab.Forward, Verdict: verdict})
			saw := clients.SendThenRead(ctx, l.Host("client"), door.Addr(), "a")

			Expect(saw).To(EndIn("connect", want))
			Expect(len(resetsIn(tap)) > 0).To(Equal(reset))
			Expect(sentResets(router) + sentResets(server)).To(BeZero())
			Expect(door.Outcomes()).NotTo(Receive(), "the server knows nothing of it")
			Measured(claims.FirewallBlock, saw.Ending, "the connection is new")
		},
		Entry("with a RST: refused", netlab.RejectReset, harness.Refused, true, Limit),
		Entry("with ICMP port unreachable: refused, and no RST was sent",
			netlab.RejectPort, harness.Refused, false, Limit),
		Entry("with ICMP host unreachable: unreachable", netlab.RejectHost, harness.Unreachable, false, Limit),
		Entry("with ICMP administratively prohibited: unreachable",
			netlab.RejectAdmin, harness.Unreachable, false, Limit),
		Entry("not at all: timed out", netlab.Drop, harness.TimedOut, false, Limit),
	)

	It("refuses a connect in the name of the server", About(claims.FirewallBlock), func(ctx SpecContext) {
		l, _, router, _ := StartTriple()
		door := Serve(l, servers.Echo)

		block(router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.RejectReset})
		saw := clients.SendThenRead(ctx, l.Host("client"), door.Addr(), "a")

		Expect(saw).To(EndIn("connect", harness.Refused))
		Expect(Recorded(l)).To(ShowReset(SentBy(evidence.Between, ""), WithFlags("RST ACK")))
		Measured(claims.FirewallBlock, saw.Ending, "the connection is new")
	}, Limit)

	It("does nothing to what it does not block", func(ctx SpecContext) {
		l, client, router, _ := StartTriple()
		c, far := connected(ctx, l)

		block(router, netlab.Rule{Hook: netlab.Input, Verdict: netlab.RejectReset}) // what is for the router itself
		tap := tapAt(client)

		send(c, far, "a")
		Expect(resetsIn(tap)).To(BeEmpty())
		Note(c.Outcome())
	}, Limit)
})
