package scenarios

import (
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
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A client has its connection when the SYN-ACK is there; the server's kernel
// makes one of its request when the ACK comes, if the accept queue has room.
// With tcp_abort_on_overflow=1 (tcp(7)) it answers with RST if there is none.
// By default it drops the ACK and whatever comes behind it, and waits for room
// until the request expires (tcp_check_req; reqsk_timer_handler): then the
// next segment finds a listener that knows nothing of it, and draws the RST.
var _ = Situation(catalogue.Situation{
	Name:   "accept-queue-fills-during-the-handshake",
	Title:  "An accept queue that fills up late",
	Cause:  "accept-queue-full",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 kernel                 busy server
  SYN    ───────────▶    request
         ◀───────────  SYN-ACK
  connect: ok            queue fills up
  "a"    ───────────▶    no room
         ◀═══════════  RST, if tcp_abort_on_overflow is 1
  read: ECONNRESET
`,
	Client:     "connect: 0, then ECONNRESET",
	Server:     "nothing: accept never returns it",
	Twin:       "there is room again in time: the client gets in",
	Unscripted: "the last ACK of a handshake has to wait while others fill the queue: no call of a script holds it back",
}, func() {
	// crowd connects and writes a byte. Between the SYN-ACK and what comes
	// behind it another client takes the only room.
	crowd := func(ctx SpecContext, l *lab.Lab, client, server *netlab.Host) (
		waiting *lab.Listener, late, other *lab.Conn,
	) {
		GinkgoHelper()
		waiting, err := l.Host("server").Listen(ctx)
		Expect(err).NotTo(HaveOccurred())
		l.Own(waiting)
		Expect(waiting.SetBacklog(0)).To(Succeed()) // which has room for one

		from := anyPort(client)
		acks := block(server, netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop, Source: from, NoSYN: true})
		late = dial(ctx, l, waiting.Addr())
		clients.WriteByte(late)
		other, err = l.Host("router").Dial(ctx, waiting.Addr())
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(other.Close)
		Eventually(ctx, waiting.Queue).WithPolling(time.Millisecond).Should(HaveField("Length", 1))
		Expect(acks.Lift()).To(Succeed())
		return waiting, late, other
	}

	It("resets the client if tcp_abort_on_overflow is 1", About(claims.ServerBusy), func(ctx SpecContext) {
		l, client, _, server := StartTriple()
		Expect(server.SetSysctl("net.ipv4.tcp_abort_on_overflow", "1")).To(Succeed())

		_, late, other := crowd(ctx, l, client, server)
		clients.ReadAll(late)

		Expect(late.Outcome()).To(EndIn("read", harness.Reset))
		Measured(claims.ServerBusy, late.Outcome(), "tcp_abort_on_overflow is 1")
		Expect(Recorded(l, late, other)).To(SatisfyAll(
			MoveCounter("ListenOverflows", 1), MoveCounter("EmbryonicRsts", 1),
			ShowReset(SentBy(evidence.KernelReply, "server"), Because("INVALID_SYN"), WithFlags("RST"))))
	}, Limit)

	It("resets the client by default when its request has expired", About(claims.ServerBusy), func(ctx SpecContext) {
		l, client, _, server := StartTriple()
		Expect(server.SetSysctl("net.ipv4.tcp_synack_retries", "0")).To(Succeed()) // it expires after a second

		_, late, other := crowd(ctx, l, client, server)
		clients.ReadAll(late)

		Expect(late.Outcome()).To(EndIn("read", harness.Reset))
		Expect(server.Counter("ListenOverflows")).To(BeNumerically(">", 0), "it was not refused before")
		Measured(claims.ServerBusy, late.Outcome(), "a request expires while the queue is full")
		Expect(Recorded(l, late, other)).To(SatisfyAll(
			MoveCounter("EmbryonicRsts", 0),
			ShowReset(SentBy(evidence.KernelReply, "server"), Because("TCP_FLAGS"), WithFlags("RST"))))
	}, Limit)

	It("lets the client in by default if there is room again in time", func(ctx SpecContext) {
		l, client, _, server := StartTriple()

		waiting, late, other := crowd(ctx, l, client, server)
		Eventually(ctx, server.Counter).WithArguments("ListenOverflows").Should(BeNumerically(">", 0))
		lab.ServeListener(waiting, servers.Echo)
		clients.ReadByte(late)

		Expect(late.Outcome().Ending).To(Equal(harness.Open))
		Note(late.Outcome())
		Expect(Recorded(l, late, other)).To(ShowNoReset())
	}, Limit)
})
