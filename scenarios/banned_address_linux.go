package scenarios

import (
	"net/netip"
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

// What bans an address, such as fail2ban, puts a rule into the server's own
// firewall, at input. Its verdict decides what the client sees (fail2ban's
// actions reject with ICMP port unreachable unless told otherwise), and the
// server's program sees nothing at all: nobody connects. A connection that was
// open is banned as well. Its server then never learns that the client is
// gone, since the ban also eats the RST that would say so.
var _ = Situation(catalogue.Situation{
	Name:   "banned-address",
	Title:  "A banned address",
	Cause:  "banned",
	Labels: []string{"needs:netns"},
	Drawing: `
client, banned         server
  "a"    ───────────▶    firewall: reject
         ◀═══════════  RST
  read: ECONNRESET       ESTABLISHED
         ◀───────────  "b"
  RST    ═══════════▶    firewall: eaten
                         read: ETIMEDOUT
`,
	Client:     "connect: ECONNREFUSED or ETIMEDOUT, as the ban chooses; an open connection: ECONNRESET, or no answer",
	Server:     "nothing",
	Twin:       "another address is served",
	Unscripted: "a firewall rejects with a RST or by ICMP; a script can only have segments dropped",
}, func() {
	ban := func(server *netlab.Host, address netip.Addr, verdict netlab.Verdict) {
		GinkgoHelper()
		block(server, netlab.Rule{
			Hook: netlab.Input, Source: netip.AddrPortFrom(address, 0), Verdict: verdict,
		})
	}

	DescribeTable("gets no new connection:", About(claims.IPBanned),
		func(ctx SpecContext, verdict netlab.Verdict, want harness.Ending, reset bool) {
			l, client, server := StartPair()
			Expect(client.SetSysctl("net.ipv4.tcp_syn_retries", "1")).To(Succeed())
			door := Serve(l, servers.Echo)
			tap := tapAt(client)

			ban(server, client.IP(), verdict)
			saw := clients.SendThenRead(ctx, l.Host("client"), door.Addr(), "a")

			Expect(saw).To(EndIn("connect", want))
			Expect(len(resetsIn(tap)) > 0).To(Equal(reset))
			Expect(sentResets(server)).To(BeZero())
			Expect(door.Outcomes()).NotTo(Receive(), "the server's program sees nothing")
			Measured(claims.IPBanned, saw.Ending, "the connection is new")
		},
		Entry("the ban rejects with RST", netlab.RejectReset, harness.Refused, true, Limit),
		Entry("the ban rejects with ICMP port unreachable", netlab.RejectPort, harness.Refused, false, Limit),
		Entry("the ban rejects with ICMP prohibited", netlab.RejectAdmin, harness.Unreachable, false, Limit),
		Entry("the ban drops", netlab.Drop, harness.TimedOut, false, Limit),
	)

	DescribeTable("loses a connection that is open:", About(claims.IPBanned),
		func(ctx SpecContext, verdict netlab.Verdict, want harness.Ending, reset bool, condition string) {
			l, client, server := StartPair()
			c, far := connected(ctx, l)
			send(c, far, "a")
			Expect(clients.GiveUpAfter(c, 100*time.Millisecond)).To(Succeed())
			Expect(clients.GiveUpAfter(far, 100*time.Millisecond)).To(Succeed())
			tap := tapAt(client)

			ban(server, client.IP(), verdict)
			clients.WriteByte(c)
			clients.ReadAll(c)
			arrived, meanwhile := resetsIn(tap), state(far)
			clients.WriteByte(far)
			clients.ReadAll(far)

			Expect(c.Outcome()).To(EndIn("read", want))
			Expect(len(arrived) > 0).To(Equal(reset))
			Expect(meanwhile).To(Equal("ESTABLISHED"))
			Expect(far.Outcome()).To(EndIn("read", harness.TimedOut), "the ban eats the client's RST")
			Expect(counted(server, "TCPAbortOnTimeout")).To(BeEquivalentTo(1))
			Expect(sentResets(server)).To(BeZero())
			Expect(Recorded(l, c, far)).To(ShowReset(
				SentBy(evidence.KernelReply, "client"), Because("NO_SOCKET")))
			Note(far.Outcome())
			Measured(claims.IPBanned, c.Outcome().Ending, condition)
		},
		Entry("the ban rejects with RST",
			netlab.RejectReset, harness.Reset, true, "the ban rejects with RST", Limit),
		// tcp_write_err reports the soft error that ICMP has left.
		Entry("the ban rejects with ICMP",
			netlab.RejectPort, harness.Refused, false, "the ban rejects with ICMP", Limit),
		Entry("the ban drops", netlab.Drop, harness.TimedOut, false, "the ban drops", Limit),
	)

	It("is reset in the name of a server that says nothing", About(claims.NotFromPeer), func(ctx SpecContext) {
		l, client, server := StartPair()
		c, far := connected(ctx, l)

		ban(server, client.IP(), netlab.RejectReset)
		clients.WriteByte(c)
		clients.ReadAll(c)

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(Recorded(l, c, far)).To(ShowReset(SentBy(evidence.Between, ""), WithFlags("RST")))
		Measured(claims.NotFromPeer, c.Outcome())
	}, Limit)

	It("is no other address", func(ctx SpecContext) {
		l, client, server := StartPair()
		c, far := connected(ctx, l)

		ban(server, client.IP().Next(), netlab.RejectReset)

		send(c, far, "a")
		send(far, c, "b")
		Note(c.Outcome(), far.Outcome())
		closeInTurn(ctx, c, far)
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)
})
