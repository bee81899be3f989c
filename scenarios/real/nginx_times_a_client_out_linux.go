package real

import (
	"io"

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

// nginx closes the connection of who has not sent a whole head in
// client_header_timeout. Where reset_timedout_connection is on it sets SO_LINGER
// to 0 before, as it does for "return 444", so that no memory is kept for
// FIN-WAIT. A connection that waits for a further request always gets FIN
// (ngx_http_request.c, ngx_http_keepalive_handler).
var _ = Situation(catalogue.Situation{
	Name:   "nginx-times-a-client-out",
	Title:  "nginx that waits no longer",
	Cause:  "idle-timeout",
	Labels: []string{"real:nginx"},
	Drawing: `
client                 nginx
  half a head ─────────▶
                         client_header_timeout,
                         reset_timedout_connection on
           ◀═══════════  RST
  read: ECONNRESET
`,
	Client: "read: ECONNRESET, or the end of the stream where reset_timedout_connection is off",
	Server: `logs "client timed out (110: Connection timed out)", which is its own time-out`,
	Twin:   "reset_timedout_connection is off, or a whole request came before: FIN",
}, func() {
	const half, whole = "GET / HTTP/1.1\r\nHost:", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

	// ends judges how the client's connection was ended.
	ends := func(l *lab.Lab, c *lab.Conn, ending harness.Ending) {
		GinkgoHelper()
		clients.ReadAll(c)
		Expect(c.Outcome()).To(EndIn("read", ending))
		MeasuredEach(c.Outcome())
		recording := Recorded(l, c)
		if ending == harness.Finished {
			Expect(recording).To(ShowNoReset())
			return
		}
		Expect(recording).To(ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")))
	}

	It("resets who sends half a head, if it is to", About(claims.IdleTimeout, claims.PeerRestartTimeout), func(ctx SpecContext) {
		l := StartLab()
		server := startNGINX(ctx, l, "client_header_timeout 50ms;", "reset_timedout_connection on;")

		c := unread(ctx, l, server, half) // it is there before the time-out begins
		Expect(c.AwaitReset(ctx)).To(Succeed())

		logs(ctx, server, "client timed out (110: Connection timed out) while reading client request headers", 1)
		ends(l, c, harness.Reset)
	}, Limit)

	It("finishes who sends half a head otherwise", About(claims.IdleTimeout), func(ctx SpecContext) {
		l := StartLab()
		server := startNGINX(ctx, l, "client_header_timeout 50ms;")

		c := unread(ctx, l, server, half) // it is there before the time-out begins
		Expect(c.AwaitFinish(ctx)).To(Succeed())

		logs(ctx, server, "client timed out (110: Connection timed out) while reading client request headers", 1)
		ends(l, c, harness.Finished)
	}, Limit)

	It("finishes who had asked before, although it is to reset", About(claims.IdleTimeout), func(ctx SpecContext) {
		l := StartLab()
		server := startNGINX(ctx, l, "keepalive_timeout 50ms;", "reset_timedout_connection on;", "return 200 hello;")

		c, answer := talk(ctx, l, server.Addr(), whole, "\r\n\r\nhello")
		Expect(c.AwaitFinish(ctx)).To(Succeed())

		Expect(answer).To(HavePrefix("HTTP/1.1 200 OK\r\n"))
		ends(l, c, harness.Finished)
	}, Limit)

	It("finishes before a request comes, and answers that with RST, which the client does not see", About(claims.IdleTimeout), func(ctx SpecContext) {
		l := StartLab()
		server := startNGINX(ctx, l, "keepalive_timeout 50ms;", "return 200 hello;")

		c, _ := talk(ctx, l, server.Addr(), whole, "\r\n\r\nhello")
		Expect(c.AwaitFinish(ctx)).To(Succeed())
		_, err := io.WriteString(c, whole)
		Expect(err).NotTo(HaveOccurred())
		Expect(c.AwaitResetAfterFinish(ctx)).To(Succeed())
		clients.ReadAll(c)

		Expect(c.Outcome()).To(EndIn("read", harness.Finished))
		Measured(claims.IdleTimeout, c.Outcome())
		Expect(Recorded(l, c)).To(ShowReset(SentBy(evidence.KernelReply, "server"), WithFlags("RST")))
	}, Limit)

	It(`resets who asks for what has "return 444", without an answer`, func(ctx SpecContext) {
		l := StartLab()
		server := startNGINX(ctx, l, "reset_timedout_connection on;", "return 444;")

		reply, saw := clients.Ask(ctx, l.Host("client"), server.Addr(), whole)

		Expect(reply).To(BeEmpty())
		Expect(saw).To(EndIn("read", harness.Reset))
		Note(saw)
		Expect(server.Text()).NotTo(ContainSubstring("client"), "nothing of it is in the log")
		Expect(Recorded(l)).To(ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")))
	}, Limit)
})
