package real

import (
	"context"
	"io"
	"regexp"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// nginx tells in its log how its upstream's connection ended: "prematurely closed"
// is FIN, "(104: Connection reset by peer)" is RST. Its client cannot tell: before
// the head of the reply it gets 502 in both cases. Within the body it gets a reply
// of 200 that is too short, and that ends with FIN. nginx gathers what comes of the
// body (postpone_output) and throws it away at a reset; what comes together with
// the end it passes on, whichever that is.
var _ = Situation(catalogue.Situation{
	Name:   "nginx-upstream-ends",
	Title:  "nginx whose upstream ends early",
	Cause:  "cut-mid-reply",
	Labels: []string{"real:nginx", "real:curl"},
	Drawing: `
curl                   nginx                  upstream
  GET    ───────────▶          ───────────▶
                               ◀───────────  200, 4 of 100 bytes
                               ◀═══════════  RST
         ◀───────────  200, 0 of 100 bytes
         ◀───────────  FIN
  curl: (18) transfer closed with 100 bytes remaining to read
`,
	Client: "502, or a reply that is too short, whatever ended the upstream's connection",
	Server: `logs "recv() failed (104: Connection reset by peer)", or "upstream prematurely closed connection"`,
	Twin:   "the upstream finishes: 502 too, or as much of the body as came",
}, func() {
	// An end is what an upstream does behind its reply.
	type end func(ctx SpecContext, nginx *lab.Program, c *lab.Conn)
	reset := func(_ SpecContext, _ *lab.Program, c *lab.Conn) { c.Abort() }
	finish := func(_ SpecContext, _ *lab.Program, c *lab.Conn) { c.Close() }
	// resetLater resets when nginx has done with the reply what it does.
	resetLater := func(ctx SpecContext, nginx *lab.Program, c *lab.Conn) {
		Expect(nginx.Resume()).To(Succeed())
		awaitRead(ctx, c)
		awaitSleep(ctx, nginx)
		c.Abort()
	}
	// fetch has curl fetch from an nginx whose upstream replies and ends so, and
	// returns curl's exit status and words, and nginx, which does not run
	// meanwhile: it finds the reply and the end at once.
	fetch := func(ctx SpecContext, l *lab.Lab, reply string, end end) (status int, text string, nginx *lab.Program) {
		GinkgoHelper()
		upstream, err := lab.Serve(l.Host("upstream"), func(_ context.Context, c *lab.Conn) {
			defer GinkgoRecover()
			readUntil(c, "\r\n\r\n")
			Expect(nginx.Pause(ctx)).To(Succeed())
			io.WriteString(c, reply)
			end(ctx, nginx, c)
			Expect(nginx.Resume()).To(Succeed())
		})
		Expect(err).NotTo(HaveOccurred())
		nginx = startNGINX(ctx, l, "location / { proxy_pass http://"+upstream.Addr()+"; }")
		status, text = fetched(ctx, l, "http://"+nginx.Addr()+"/")
		return status, text, nginx
	}

	byApplication := ShowReset(SentBy(evidence.Application, "upstream"), Because("TCP_STATE"), WithFlags("RST ACK"))
	const head = "HTTP/1.0 200 OK\r\nContent-Length: 100\r\n\r\n"

	DescribeTable("passes on", About(claims.Errno104),
		func(ctx SpecContext, reply string, end end, wantStatus int, want, log string) {
			l := StartLab()

			status, text, nginx := fetch(ctx, l, reply, end)

			Expect(status).To(Equal(wantStatus), text)
			Expect(text).To(Equal(want))
			logs(ctx, nginx, log, 1)
			Measured(claims.Errno104, strings.ToLower(numbered.FindStringSubmatch(nginx.Text())[1]))
			Expect(Recorded(l)).To(byApplication)
		},
		Entry("502 where it is reset before the head", "", reset, 0, "502 157",
			"recv() failed (104: Connection reset by peer) while reading response header from upstream", Limit),
		Entry("nothing of the body where it is reset later", head+"four", resetLater, 18,
			"curl: (18) transfer closed with 100 bytes remaining to read\n200 0",
			"readv() failed (104: Connection reset by peer) while reading upstream", Limit),
		Entry("what came of the body where it is reset at once", head+"four", reset, 18,
			"curl: (18) transfer closed with 96 bytes remaining to read\n200 4",
			"readv() failed (104: Connection reset by peer) while reading upstream", Limit),
	)

	DescribeTable("passes on",
		func(ctx SpecContext, reply string, wantStatus int, want, log string) {
			l := StartLab()

			status, text, nginx := fetch(ctx, l, reply, finish)

			Expect(status).To(Equal(wantStatus), text)
			Expect(text).To(Equal(want))
			logs(ctx, nginx, log, 1)
			Expect(Recorded(l)).To(ShowNoReset())
		},
		Entry("502 where it finishes before the head", "", 0, "502 157",
			"upstream prematurely closed connection while reading response header from upstream", Limit),
		Entry("what came of the body where it finishes within it", head+"four", 18,
			"curl: (18) transfer closed with 96 bytes remaining to read\n200 4",
			"upstream prematurely closed connection while reading upstream", Limit),
	)

	It("passes on 502 where the upstream has not read the request", About(claims.UnreadClose), func(ctx SpecContext) {
		l := StartLab()
		upstream, err := lab.Serve(l.Host("upstream"), func(ctx context.Context, c *lab.Conn) { c.CloseUnread(ctx) })
		Expect(err).NotTo(HaveOccurred())
		nginx := startNGINX(ctx, l, "location / { proxy_pass http://"+upstream.Addr()+"; }")

		status, text := fetched(ctx, l, "http://"+nginx.Addr()+"/")

		Expect(status).To(BeZero(), text)
		Expect(text).To(Equal("502 157"))
		logs(ctx, nginx, "recv() failed (104: Connection reset by peer) while reading response header from upstream", 1)
		Measured(claims.UnreadClose, "read: reset")
		Expect(Recorded(l)).To(ShowReset(SentBy(evidence.Application, "upstream"), Because("TCP_ABORT_ON_CLOSE")))
	}, Limit)

	It("passes on 502 where nobody listens", About(claims.RefuseIsReset), func(ctx SpecContext) {
		l := StartLab()
		upstream, err := lab.Serve(l.Host("upstream"), func(context.Context, *lab.Conn) {})
		Expect(err).NotTo(HaveOccurred())
		Expect(upstream.Close()).To(Succeed())
		nginx := startNGINX(ctx, l, "location / { proxy_pass http://"+upstream.Addr()+"; }")

		status, text := fetched(ctx, l, "http://"+nginx.Addr()+"/")

		Expect(status).To(BeZero(), text)
		Expect(text).To(Equal("502 157"))
		logs(ctx, nginx, "connect() failed (111: Connection refused) while connecting to upstream", 1)
		Measured(claims.RefuseIsReset, "connect: refused")
		Expect(Recorded(l)).To(ShowReset(SentBy(evidence.KernelReply, "upstream"), Because("NO_SOCKET"), WithFlags("RST ACK")))
	}, Limit)
})

// numbered finds the number and the words of the error of a read, as nginx logs it.
var numbered = regexp.MustCompile(`(?:recv|readv)\(\) failed \((\d+: [A-Za-z ]+)\)`)

// fetched has curl fetch an address, and returns its exit status, and what it
// complains of before the status and the size of the reply.
func fetched(ctx SpecContext, l *lab.Lab, url string, args ...string) (status int, text string) {
	GinkgoHelper()
	const all = "%{http_code} %{size_download}"
	return said(ctx, l.Host("client"), "curl", append([]string{"--silent", "--show-error", "--stderr", "-", "--noproxy", "*",
		"--output", "/dev/null", "--write-out", all, url}, args...)...)
}
