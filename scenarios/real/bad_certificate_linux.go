package real

import (
	"crypto/x509"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// curl that does not accept a certificate says why in an alert, and closes. The rest
// of the server's flight is unread then, so that a RST follows the alert, which nginx
// reads all the same. The name in a certificate is looked at when the handshake is
// over: nginx hears no reason.
var _ = Situation(catalogue.Situation{
	Name:   "curl-and-nginx-have-certificates",
	Title:  "A certificate that curl, nginx or HAProxy does not accept",
	Cause:  "bad-certificate",
	Labels: []string{"real:curl"},
	Drawing: `
curl                   nginx
  ClientHello ─────────▶
           ◀───────────  …, Certificate, Finished
  alert    ───────────▶  "alert unknown ca"
  RST      ═══════════▶
  "curl: (60) SSL certificate problem: self-signed certificate"
`,
	Client: `"curl: (60) SSL certificate problem: self-signed certificate"`,
	Server: `logs "SSL_do_handshake() failed (SSL: … tlsv1 alert unknown ca …"`,
	Twin:   "the certificate is good: 200",
}, func() {
	expired := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }

	DescribeTable("is refused and reset by curl,", Label("real:nginx"), About(claims.BadCertificate),
		func(ctx SpecContext, change func(*x509.Certificate), known bool, want, log string) {
			l := StartLab()
			server := start(ctx, l.Host("server"), nginxWithTLS(change, "return 200 hello;"))

			var args []string
			if known {
				args = []string{"--cacert", authorityOf(server)}
			}
			status, text := fetched(ctx, l, "https://"+server.Addr()+"/", args...)

			Expect(status).To(Equal(60), text)
			Expect(text).To(HavePrefix("curl: (60) SSL certificate problem: " + want + "\n"))
			logs(ctx, server, log, 1)
			Measured(claims.BadCertificate, sessionOr(status != 0))
			Expect(Recorded(l)).To(ShowReset(
				SentBy(evidence.Application, "client"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
		},
		Entry("of an unknown authority", nil, false, "self-signed certificate", "alert unknown ca:SSL alert number 48) while SSL handshaking", Limit),
		Entry("expired", expired, true, "certificate has expired", "alert certificate expired:SSL alert number 45) while SSL handshaking", Limit),
	)

	It("is refused by curl for another name", Label("real:nginx"), About(claims.BadCertificate), func(ctx SpecContext) {
		l := StartLab()
		server := start(ctx, l.Host("server"), nginxWithTLS(func(c *x509.Certificate) {
			c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 1)}
		}, "return 200 hello;"))

		status, text := fetched(ctx, l, "https://"+server.Addr()+"/", "--cacert", authorityOf(server))

		Expect(status).To(Equal(60), text)
		Expect(text).To(HavePrefix("curl: (60) SSL: no alternative certificate subject name matches target host name '"))
		Measured(claims.BadCertificate, sessionOr(status != 0))
		Expect(server.Text()).NotTo(ContainSubstring("alert"))
		Recorded(l)
	}, Limit)

	// In TLS 1.3 the handshake is over for curl before HAProxy has looked, and whether
	// its request or the alert is first is chance.
	It("is missed by HAProxy in the handshake of TLS 1.2", Label("real:haproxy"), About(claims.BadCertificate), func(ctx SpecContext) {
		l := StartLab()
		server := start(ctx, l.Host("server"), haproxyWithTLS("verify required ca-file "))

		status, text := fetched(ctx, l, "https://"+server.Addr()+"/", "--cacert", authorityOf(server), "--tls-max", "1.2")

		Expect(status).To(Equal(35), text)
		Expect(text).To(MatchRegexp(`^curl: \(35\) .*alert handshake failure\n000 0$`))
		logs(ctx, server, "secure/1: SSL handshake failure", 1)
		Measured(claims.BadCertificate, sessionOr(status != 0))
		Recorded(l)
	}, Limit)

	It("is missed by nginx in an answer", Label("real:nginx"), About(claims.BadCertificate), func(ctx SpecContext) {
		l := StartLab()
		server := start(ctx, l.Host("server"), nginxWithTLS(nil,
			"ssl_verify_client on;", "ssl_client_certificate certificate.pem;", "return 200 hello;"))

		status, text := fetched(ctx, l, "https://"+server.Addr()+"/", "--cacert", authorityOf(server))

		Expect(status).To(BeZero(), text)
		Expect(text).To(HavePrefix("400 "))
		logs(ctx, server, "client sent no required SSL certificate while reading client request headers", 1)
		Measured(claims.BadCertificate, sessionOr(status != 0), "the server answers 400 in the session")
		Recorded(l)
	}, Limit)
})
