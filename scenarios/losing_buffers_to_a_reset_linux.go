package scenarios

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// An abort throws away what its sender had not yet sent, although write had
// taken it (net/ipv4/tcp.c, tcp_disconnect). What the receiver's kernel has
// already, stays readable on Linux: recvmsg empties the queue before it
// reports the error. Other systems may drop that too: RFC 9293, section
// 3.10.7.4, wants all queues flushed.
var _ = Situation(catalogue.Situation{
	Name:  "losing-buffers-to-a-reset",
	Title: "An abort with data under way",
	Cause: "linger-zero",
	Drawing: `
client                       server
                              write "12345"
         ◀─────────────────
                              abort
         ◀═════════════════  RST
  read: 5 bytes
  read: ECONNRESET
`,
	Client: "what had arrived, then ECONNRESET",
	Server: "write and close: 0, and what was not sent is lost",
	Twin:   "a close delivers all of it",
	Script: `
--- what-had-arrived/direct
server write "12345" → 5
server abort → ok
client read 10 → "12345"
client read 10 → ECONNRESET
--- what-was-unsent
server fill → full
server abort → ok
client drain → less then ECONNRESET
--- close-delivers
server fill → full
server close → ok
client drain → all then EOF
`,
}, func() {
	DescribeTable("leaves readable what had arrived before it", Named("what-had-arrived"), About(claims.BuffersLost),
		func(ctx SpecContext, route lab.Route) {
			l := StartLab()
			server := Serve(l, servers.AnswerThenAbort("12345"))

			saw := clients.CallAfterReset(ctx, l.Host("client"), Reach(l, server, route), "a",
				clients.ReadAll)

			Expect(saw).To(EndIn("read", harness.Reset))
			Expect(saw.Received).To(Equal(int64(5)))
			Measured(claims.BuffersLost, fmt.Sprintf("%d bytes of 5 were readable", saw.Received))
			Note(saw)
			Expect(Recorded(l)).To(ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")))
		},
		ByRoute(lab.Direct, lab.Proxied),
	)

	It("loses what its sender's kernel had taken and not yet sent", Named("what-was-unsent"), func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(server.Fill()).To(Succeed())
		Expect(server.Abort()).To(Succeed())
		Expect(client.AwaitReset(ctx)).To(Succeed())
		clients.ReadAll(client)

		Expect(client.Outcome()).To(EndIn("read", harness.Reset))
		Expect(client.Outcome().Received).To(BeNumerically(">", 0))
		Expect(lost(server, client)).To(BeNumerically(">", 0))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client, server)).To(SatisfyAll(
			ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")),
			MoveCounter("TCPAbortOnData", 1),
		))
	}, Limit)

	It("is not a close, which delivers all of it", Named("close-delivers"), func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(server.Fill()).To(Succeed())
		Expect(server.Close()).To(Succeed())
		clients.ReadAll(client)

		Expect(client.Outcome()).To(EndIn("read", harness.Finished))
		Expect(lost(server, client)).To(Equal(int64(0)))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client, server)).To(ShowNoReset())
	}, Limit)
})

// lost is how many of the bytes that write took at one end were never read at
// the other.
func lost(from, to *lab.Conn) int64 { return from.Outcome().Sent - to.Outcome().Received }
