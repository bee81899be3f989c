package scenarios

import (
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

// A program that has closed has no socket any more, but its kernel still knows
// the connection: it waits for the peer's FIN, as long as tcp_fin_timeout says
// (tcp(7)). Data that comes in that time draws a RST that knows the connection,
// later one that does not; the client is told the same. A kernel without room
// for those that wait (tcp_max_tw_buckets=0) forgets them at once, and answers
// even the FIN of a polite client with RST.
var _ = Situation(catalogue.Situation{
	Name:   "writing-after-fin-wait-expired",
	Title:  "A server that closed long ago",
	Cause:  "wrote-after-close",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 server
         ◀───────────  FIN, close
                         FIN-WAIT-2 … expires
  "a"    ───────────▶    unknown
         ◀═══════════  RST
  read: EOF, write: EPIPE
`,
	Client: "write: 0, then EPIPE",
	Server: "nothing: the program has closed",
	Twin:   "while it waits in FIN-WAIT-2 the kernel still knows the connection that it resets",
	Script: `
--- resets-a-client-that-writes-when-fin-wait-2-has-expired
server set linger2 1s
server close
server await gone within 60s → ok
listener close
client write "a" → 1
client await rst → ok
client read 1 → EOF
client write "x" → EPIPE
--- knows-the-connection-that-it-resets-in-fin-wait-2
server close
client write "a" → 1
client await rst → ok
client read 1 → EOF
client write "x" → EPIPE
`,
}, func() {
	// closed closes the server's end when the client has acknowledged that it
	// finished. An acknowledgement in the last moment of close(2) would find the
	// socket in use, and leave all of it to wait with another timer in place of
	// what is counted here (tcp_rcv_state_process, sock_owned_by_user).
	closed := func(ctx SpecContext, far *lab.Conn) {
		GinkgoHelper()
		Expect(far.CloseWrite()).To(Succeed())
		becomes(ctx, far, "FIN_WAIT2")
		Expect(far.Close()).To(Succeed())
	}
	// write has the client write to the server when await says that the
	// server's kernel has got as far as it should.
	write := func(ctx SpecContext, timeout string, await func(server *netlab.Host)) *evidence.Recording {
		GinkgoHelper()
		l, _, server := StartPair()
		Expect(server.SetSysctl("net.ipv4.tcp_fin_timeout", timeout)).To(Succeed())
		c, far := connected(ctx, l)

		closed(ctx, far)
		Expect(c.AwaitFinish(ctx)).To(Succeed())
		await(server)
		clients.WriteByte(c)
		Expect(c.AwaitResetAfterFinish(ctx)).To(Succeed())
		clients.ReadAll(c)
		clients.WriteByte(c)

		Expect(far.Outcome()).To(EndIn("close", harness.Closed))
		Expect(c.Outcome()).To(EndIn("read", harness.Finished).Then("write", harness.BrokenPipe))
		Note(c.Outcome(), far.Outcome())
		return Recorded(l, c)
	}

	It("resets a client that writes when FIN-WAIT-2 has expired", func(ctx SpecContext) {
		saw := write(ctx, "1", func(server *netlab.Host) {
			// Counted when a wait begins that is to be short.
			Eventually(ctx, server.Counter).WithArguments("TWKilled").Should(BeEquivalentTo(1))
			Eventually(ctx, server.TimeWaits).Should(BeZero())
		})

		Expect(saw).To(ShowReset(SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST")))
	}, Limit)

	It("knows the connection that it resets in FIN-WAIT-2", func(ctx SpecContext) {
		saw := write(ctx, "60", func(server *netlab.Host) {
			Eventually(ctx, server.TimeWaits).Should(Equal(1))
		})

		Expect(saw).To(ShowReset(
			SentBy(evidence.KernelReply, "server"), Because("TCP_TIMEWAIT_SOCKET"), WithFlags("RST")))
	}, Limit)

	DescribeTable("answers FIN",
		func(ctx SpecContext, room, counter string, want RecordingMatcher) {
			l, _, server := StartPair()
			Expect(server.SetSysctl("net.ipv4.tcp_max_tw_buckets", room)).To(Succeed())
			tap := tapAt(server)
			c, far := connected(ctx, l)

			closed(ctx, far)
			clients.ReadAll(c)
			Eventually(ctx, server.Counter).WithArguments(counter).Should(BeEquivalentTo(1))
			Expect(c.Close()).To(Succeed())
			awaitSegment(ctx, tap, func(s netlab.Segment) bool { return !s.Outgoing && s.Flags&netlab.FIN != 0 })
			awaitSegment(ctx, tap, func(s netlab.Segment) bool { return s.Outgoing }) // the answer

			Expect(c.Outcome()).To(EndIn("read", harness.Finished))
			Note(c.Outcome(), far.Outcome())
			Expect(Recorded(l)).To(want)
		},
		Entry("with RST if there is no room to wait for it", "0", "TCPTimeWaitOverflow",
			ShowReset(SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST")), Limit),
		Entry("with ACK if there is", "1", "TW", ShowNoReset(), Limit),
	)
})
