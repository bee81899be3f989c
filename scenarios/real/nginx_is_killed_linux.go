package real

import (
	"io"
	"syscall"

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
)

// A server that ends has its sockets closed by the kernel, however it ends: by
// kill -9 or, as nginx does at SIGTERM (nginx(8), fast shutdown), by itself. A
// connection that waits for a further request is finished. If that request is
// already there, and unread, it is reset.
var _ = Situation(catalogue.Situation{
	Name:   "nginx-is-killed",
	Title:  "nginx that ends under its clients",
	Cause:  "killed",
	Labels: []string{"real:nginx"},
	Drawing: `
client                 nginx
  GET    ───────────▶
         ◀───────────  200
  GET    ───────────▶    kill, unread
         ◀═══════════  RST
  read: ECONNRESET
`,
	Client: "read: ECONNRESET, or the end of the stream where it had not asked anew",
	Server: "ends",
	Twin:   "nothing is unread: FIN",
}, func() {
	const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	// ends has nginx end by a signal under a client that has had a reply and,
	// unless next is empty, sends another request meanwhile.
	ends := func(ctx SpecContext, l *lab.Lab, signal syscall.Signal, next string) *lab.Conn {
		GinkgoHelper()
		server := startNGINX(ctx, l, "return 200 hello;")
		c, _ := talk(ctx, l, server.Addr(), request, "\r\n\r\nhello")
		awaitSleep(ctx, server) // or it would look for a request once more

		Expect(server.Pause(ctx)).To(Succeed())
		_, err := io.WriteString(c, next)
		Expect(err).NotTo(HaveOccurred())
		Expect(server.Signal(signal)).To(Succeed())
		Expect(server.Resume()).To(Or(Succeed(), MatchError(ContainSubstring("already finished"))))

		_, err = server.Exit(ctx)
		Expect(err).NotTo(HaveOccurred())
		clients.ReadAll(c)
		return c
	}

	DescribeTable("finishes a client that waits", About(claims.CrashSendsRST),
		func(ctx SpecContext, signal syscall.Signal) {
			l := StartLab()

			c := ends(ctx, l, signal, "")

			Expect(c.Outcome()).To(EndIn("read", harness.Finished))
			Measured(claims.CrashSendsRST, c.Outcome())
			Expect(Recorded(l, c)).To(ShowNoReset())
		},
		Entry("(SIGKILL)", syscall.SIGKILL, Limit),
		Entry("(SIGTERM)", syscall.SIGTERM, Limit),
	)

	DescribeTable("resets a client whose request is unread", About(claims.CrashSendsRST, claims.PeerRestartTimeout, claims.UnreadClose),
		func(ctx SpecContext, signal syscall.Signal) {
			l := StartLab()

			c := ends(ctx, l, signal, request)

			Expect(c.Outcome()).To(EndIn("read", harness.Reset))
			Measured(claims.CrashSendsRST, c.Outcome(), "bytes are unread")
			Measured(claims.PeerRestartTimeout, c.Outcome())
			Measured(claims.UnreadClose, c.Outcome())
			Expect(Recorded(l, c)).To(ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
		},
		Entry("(SIGKILL)", syscall.SIGKILL, Limit),
		Entry("(SIGTERM)", syscall.SIGTERM, Limit),
	)
})
