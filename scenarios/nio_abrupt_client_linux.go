package scenarios

import (
	"log"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"

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

// A selector loop learns that a client is gone when the channel becomes ready
// and reading it fails, Java's "IOException: Connection reset by peer". It
// fails only if the client's end was abortive: a FIN makes the channel ready
// too, and reading it gives the end of the stream (epoll(7); RFC 9293,
// section 3.10.7.4, RST bit).
var _ = Situation(catalogue.Situation{
	Name:  "nio-abrupt-client",
	Title: "An NIO server whose client leaves",
	Cause: "health-check",
	Drawing: `
client                   selector loop, one thread
  "report"  ───────────▶  ready: read 6 bytes
  SO_LINGER 0, close
  RST       ═══════════▶  ready: read: ECONNRESET
                          log, cancel the key, close
`,
	Client: "aborts",
	Server: "the channel is ready, and read: ECONNRESET",
	Twin:   "the client closes plainly: read is the end of the stream",
	Script: `
--- reads-econnreset-after-an-abort/direct
server watch IN RDHUP
client write "report"
server events → IN
server read 100 → "report"
client abort
server events → IN ERR HUP RDHUP
server read 100 → ECONNRESET
--- reads-the-end-of-the-stream-after-a-plain-close-and-logs-nothing
server watch IN RDHUP
client write "report"
server events → IN
server read 100 → "report"
client close
server events → IN RDHUP
server read 100 → EOF
`,
}, func() {
	startNIO := func(l *lab.Lab) (*servers.NIO, *gbytes.Buffer) {
		GinkgoHelper()
		logged := gbytes.NewBuffer()
		server, err := servers.StartNIO(l.Host("server"), log.New(logged, "", 0))
		Expect(err).NotTo(HaveOccurred())
		l.Own(server)
		return server, logged
	}

	DescribeTable("reads ECONNRESET after an abort", About(claims.NIOAbruptClient),
		func(ctx SpecContext, route lab.Route) {
			l := StartLab()
			server, logged := startNIO(l)

			clients.SendThenLeave(ctx, l.Host("client"), Reach(l, server, route), "report", (*lab.Conn).Abort)

			var saw lab.Outcome
			Eventually(ctx, server.Outcomes()).Should(Receive(&saw))
			Expect(saw).To(EndIn("read", harness.Reset).Then("close", harness.Open))
			Expect(logged).To(gbytes.Say("read: connection reset by peer"))
			Measured(claims.NIOAbruptClient, saw, "the client ends with a RST")
			Expect(Recorded(l)).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "client"), Because("TCP_STATE"), WithFlags("RST ACK")),
				ShowStates("server", "ESTABLISHED", "CLOSE"),
			))
		},
		ByRoute(lab.Direct, lab.Proxied),
	)

	It("reads the end of the stream after a plain close, and logs nothing", About(claims.NIOAbruptClient), func(ctx SpecContext) {
		l := StartLab()
		server, logged := startNIO(l)

		clients.SendThenLeave(ctx, l.Host("client"), server.Addr(), "report", (*lab.Conn).Close)

		var saw lab.Outcome
		Eventually(ctx, server.Outcomes()).Should(Receive(&saw))
		Expect(saw).To(EndIn("read", harness.Finished))
		Expect(logged.Contents()).To(BeEmpty())
		Measured(claims.NIOAbruptClient, saw, "the client closes with nothing unread")
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)

	It("goes on serving the others on its one thread", func(ctx SpecContext) {
		l := StartLab()
		server, _ := startNIO(l)
		other, err := l.Host("other").Dial(ctx, server.Addr())
		Expect(err).NotTo(HaveOccurred())

		clients.SendThenLeave(ctx, l.Host("client"), server.Addr(), "report", (*lab.Conn).Abort)
		var gone, served lab.Outcome
		Eventually(ctx, server.Outcomes()).Should(Receive(&gone))
		other.Write([]byte("still here"))
		other.Close()

		Eventually(ctx, server.Outcomes()).Should(Receive(&served))
		Expect(gone).To(EndIn("read", harness.Reset))
		Expect(served).To(EndIn("read", harness.Finished))
		Expect(served.Received).To(BeEquivalentTo(10))
		Note(gone, served)
	}, Limit)
})
