package real

import (
	"fmt"
	"io"
	"strings"

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

// nginx answers 413 as soon as it has a head that announces too much, and goes on
// reading what comes for lingering_time, whatever lingering_close says: a client
// that writes on gets its answer. What comes after that time is unread at the
// close, and resets it. A request that is too long already in its head is not
// read on where lingering_close is off: nginx closes at once, and the rest of it
// is unread (ngx_http_request.c, ngx_http_finalize_connection).
var _ = Situation(catalogue.Situation{
	Name:   "nginx-refuses-an-upload",
	Title:  "nginx refuses an upload",
	Cause:  "refused-upload",
	Labels: []string{"real:nginx"},
	Drawing: `
client                 nginx
  head     ───────────▶  too large
           ◀───────────  413
  body …   ───────────▶  lingering_time is over
           ◀═══════════  RST
  write: ECONNRESET
`,
	Client: "the answer, then ECONNRESET where it writes on for longer than nginx lingers",
	Server: `logs "client intended to send too large body"`,
	Twin:   "nginx lingers: the answer, then the end of the stream",
}, func() {
	const tooLarge = "client intended to send too large body: 2097152 bytes"
	// upload sends a head, awaits the answer, and writes on.
	upload := func(ctx SpecContext, l *lab.Lab, address string) *lab.Conn {
		GinkgoHelper()
		c, err := l.Host("client").Dial(ctx, address)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(c.Close)
		_, err = io.WriteString(c, fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", 2<<20))
		Expect(err).NotTo(HaveOccurred())
		Expect(readUntil(c, "</html>\r\n")).To(HavePrefix("HTTP/1.1 413 Request Entity Too Large\r\n"))
		_, err = io.WriteString(c, "the body")
		Expect(err).NotTo(HaveOccurred())
		return c
	}

	It("resets a client that writes on for longer than it lingers", About(claims.ScriptBug), func(ctx SpecContext) {
		l := StartLab()
		server := startNGINX(ctx, l, "lingering_time 0s;")

		c := upload(ctx, l, server.Addr())
		Expect(c.AwaitReset(ctx)).To(Succeed())
		c.Write([]byte("more of it"))
		c.Write([]byte("and more"))

		Expect(c.Outcome()).To(EndIn("write", harness.Reset).Then("write", harness.BrokenPipe))
		Measured(claims.ScriptBug, c.Outcome())
		logs(ctx, server, tooLarge, 1)
		Expect(Recorded(l, c)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("reads the rest where it lingers, though lingering_close is off", About(claims.ScriptBug), func(ctx SpecContext) {
		l := StartLab()
		server := startNGINX(ctx, l, "lingering_close off;")

		c := upload(ctx, l, server.Addr())
		_, err := c.Write(make([]byte, 2<<20-len("the body")))
		Expect(err).NotTo(HaveOccurred())
		clients.ReadAll(c)

		Expect(c.Outcome()).To(EndIn("read", harness.Finished))
		Measured(claims.ScriptBug, c.Outcome(), "the server lingers")
		logs(ctx, server, tooLarge, 1)
		Expect(Recorded(l, c)).To(ShowNoReset())
	}, Limit)

	// The head is longer than the buffers for it, and all that fits into the
	// kernel is there when nginx accepts.
	DescribeTable("answers a head that is too long, and", About(claims.ScriptBug),
		func(ctx SpecContext, lingers string, ending harness.Ending, condition ...string) {
			l := StartLab()
			server := startNGINX(ctx, l, "large_client_header_buffers 1 1k;", "lingering_close "+lingers+";")
			head := "GET / HTTP/1.1\r\nHost: x\r\nCookie: " + strings.Repeat("a", 16<<10)

			c := unread(ctx, l, server, head)
			reply := readUntil(c, "</html>\r\n")
			clients.ReadAll(c)

			Expect(reply).To(HavePrefix("HTTP/1.1 400 Bad Request\r\n"))
			Expect(c.Outcome()).To(EndIn("read", ending))
			Measured(claims.ScriptBug, c.Outcome(), condition...)
			logs(ctx, server, "client sent too long header line", 1)
			recording := Recorded(l, c)
			if ending == harness.Finished {
				Expect(recording).To(ShowNoReset())
				return
			}
			Expect(recording).To(ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
		},
		Entry("resets where it does not linger", "off", harness.Reset, Limit),
		Entry("finishes where it lingers", "on", harness.Finished, "the server lingers", Limit),
	)
})
