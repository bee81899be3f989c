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
)

// A server that gets no acknowledgment gives the connection up (RFC 9293,
// section 3.8.3; here after TCP_USER_TIMEOUT), and sends no RST: there is
// nobody to hear it (tcp_write_err). A client that was idle finds out when the
// way is free again and it sends something.
var _ = Situation(catalogue.Situation{
	Name:   "peer-gave-the-connection-up",
	Title:  "A server that gave the connection up",
	Cause:  "gave-up",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 router                 server
                         drops   ◀───────────  "a", again and again
                                                 read: ETIMEDOUT
  "b"    ───────────▶    lets through  ─────▶    unknown
         ◀═══════════  RST
  read: ECONNRESET
`,
	Client: "at the next write: ECONNRESET",
	Server: "ETIMEDOUT, earlier",
	Twin:   "the way is free again in time: the connection goes on",
	Script: `
--- resets-the-client-at-its-next-segment
server set user_timeout 1s
network drops all toward client
server write "a" → 1
server await error within 60s → ok
server read 1 → ETIMEDOUT
server close; listener close
network passes all toward client
client write "b" → 1
client await rst → ok
client read 1 → ECONNRESET
`,
}, func() {
	It("resets the client at its next segment", About(claims.PeerRestartTimeout, claims.LocallyGenerated), func(ctx SpecContext) {
		l, client, router, server := StartTriple()
		c, far := connected(ctx, l)
		Expect(clients.GiveUpAfter(far, 100*time.Millisecond)).To(Succeed())

		outage := block(router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.Drop})
		clients.WriteByte(far)
		clients.ReadAll(far)
		silent := sentResets(server)
		Expect(outage.Lift()).To(Succeed())
		tap := tapAt(client)
		clients.WriteByte(c)
		clients.ReadAll(c)

		Expect(far.Outcome()).To(EndIn("read", harness.TimedOut))
		Expect(silent).To(BeZero())
		Expect(counted(server, "TCPAbortOnTimeout")).To(BeEquivalentTo(1))
		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(resetsIn(tap)).NotTo(BeEmpty())
		Measured(claims.PeerRestartTimeout, c.Outcome())
		Measured(claims.LocallyGenerated, far.Outcome(), "the user timeout runs out")
		Expect(Recorded(l, c, far)).To(SatisfyAll(MoveCounter("TCPAbortOnTimeout", 1),
			ShowStates("server", "ESTABLISHED", "CLOSE"),
			ShowReset(SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST"))))
	}, Limit)

	It("goes on if the way is free again in time", func(ctx SpecContext) {
		l, _, router, server := StartTriple()
		c, far := connected(ctx, l)
		Expect(clients.GiveUpAfter(far, time.Minute)).To(Succeed())
		tap := tapAt(server)

		outage := block(router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.Drop})
		clients.WriteByte(far)
		_, err := tap.Await(ctx, func(s netlab.Segment) bool { return len(s.Payload) > 0 })
		Expect(err).NotTo(HaveOccurred())
		Expect(outage.Lift()).To(Succeed())
		clients.ReadByte(c)

		Expect(retransmitted(far)).To(BeNumerically(">", 0), "it came when it was sent again")
		send(c, far, "b")
		Note(c.Outcome(), far.Outcome())
		closeInTurn(ctx, c, far)
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)
})
