package real

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// nginx answers a ClientHello as it answers any nonsense, with 400 in plain text.
// curl reads five bytes of that, which are no TLS, and closes: the rest is unread, and
// the RST is curl's. Where nginx has TLS and curl does not, nginx answers 400, too,
// and all is read. HAProxy finishes without a word.
var _ = Situation(catalogue.Situation{
	Name:   "one-side-speaks-tls",
	Title:  "curl and a server of which one speaks TLS",
	Cause:  "tls-to-plain",
	Labels: []string{"real:curl"},
	Drawing: `
curl https://          nginx, without TLS
  ClientHello ─────────▶
           ◀───────────  "HTTP/1.1 400 Bad Request"
  reads 5 bytes: no TLS
  RST      ═══════════▶
  "curl: (35) … wrong version number"
`,
	Client: `"curl: (35) … wrong version number"; without TLS: 400 of nginx, "curl: (52) Empty reply from server" of HAProxy`,
	Server: `logs "client sent invalid method", "client sent plain HTTP request to HTTPS port", or "SSL handshake failure"`,
	Twin:   "both speak TLS: 200",
}, func() {
	It("is reset by curl, which speaks it to nginx", Label("real:nginx"), About(claims.TLSMismatch), func(ctx SpecContext) {
		l := StartLab()
		server := startNGINX(ctx, l, "return 200 hello;")

		status, text := fetched(ctx, l, "https://"+server.Addr()+"/")

		Expect(status).To(Equal(35), text)
		Expect(text).To(MatchRegexp(`^curl: \(35\) .*wrong version number\n000 0$`))
		logs(ctx, server, "client sent invalid method while reading client request line", 1)
		Measured(claims.TLSMismatch, sessionOr(status != 0))
		Expect(Recorded(l)).To(ShowReset(
			SentBy(evidence.Application, "client"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("is told to by nginx, which speaks it", Label("real:nginx"), About(claims.TLSMismatch), func(ctx SpecContext) {
		l := StartLab()
		server := start(ctx, l.Host("server"), nginxWithTLS(nil, "return 200 hello;"))

		status, text := fetched(ctx, l, "http://"+server.Addr()+"/")

		Expect(status).To(BeZero(), text)
		Expect(text).To(HavePrefix("400 "))
		logs(ctx, server, "client sent plain HTTP request to HTTPS port while reading client request headers", 1)
		Measured(claims.TLSMismatch, sessionOr(text != served))
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)

	It("reads the end of the stream of HAProxy, which speaks it", Label("real:haproxy"), About(claims.TLSMismatch), func(ctx SpecContext) {
		l := StartLab()
		server := start(ctx, l.Host("server"), haproxyWithTLS(""))

		status, text := fetched(ctx, l, "http://"+server.Addr()+"/")

		Expect(status).To(Equal(52), text)
		Expect(text).To(Equal("curl: (52) Empty reply from server\n000 0"))
		logs(ctx, server, "SSL handshake failure", 1)
		Measured(claims.TLSMismatch, sessionOr(status != 0))
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)

	It("has a session where both do", Label("real:nginx"), func(ctx SpecContext) {
		l := StartLab()
		server := start(ctx, l.Host("server"), nginxWithTLS(nil, "return 200 hello;"))

		status, text := fetched(ctx, l, "https://"+server.Addr()+"/", "--cacert", authorityOf(server))

		Expect(status).To(BeZero(), text)
		Expect(text).To(Equal(served))
		Recorded(l)
	}, Limit)
})
