package scenarios

import (
	"crypto/tls"
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
	"github.com/resetlab/resetlab/servers"
)

// In TLS 1.3 the client's handshake is over before the server has looked at
// the client's certificate (RFC 8446, section 2). The alert meets a client that
// sends its request already; the request, unread, turns the server's close into
// a RST behind the alert.
var _ = Situation(catalogue.Situation{
	Name:  "missing-client-certificate",
	Title: "A client without a certificate",
	Cause: "client-certificate-missing",
	Drawing: `
client                          server
  Finished, request ──────────▶
                    ◀──────────  alert: certificate required
                    ◀══════════  close: RST
  read: the alert, or write: ECONNRESET
`,
	Client:     "the alert, or ECONNRESET, by what it does next",
	Server:     "refuses the certificate, and closes",
	Twin:       "the server lingers: the alert is seen for sure",
	Unscripted: "TLS decides, above the sockets",
}, func() {
	// request is more than TLS reads ahead.
	request := string(make([]byte, 8192))

	demand := func(l *lab.Lab, a authority, refuse lab.Handler) lab.Server {
		GinkgoHelper()
		config := &tls.Config{
			Certificates: []tls.Certificate{a.issue(nil)},
			ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: a.pool,
		}
		return Serve(l, servers.TLS(config, func(error) {}, refuse))
	}

	DescribeTable("sees the alert or the reset behind it, by what it does next", About(claims.BadCertificate),
		func(ctx SpecContext, next func(*tls.Conn) error, sees string) {
			l, authority := StartLab(), newAuthority()
			server := demand(l, authority, servers.CloseUnread)

			saw, err := clients.TLSAfterReset(ctx, l.Host("client"), server.Addr(),
				authority.trusting(), request, next)

			Expect(tlsSaw(err)).To(Equal(sees))
			Measured(claims.BadCertificate, sessionOr(err))
			Note(saw)
			Expect(Recorded(l)).To(ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
		},
		Entry("reading", func(c *tls.Conn) error { _, err := c.Read(make([]byte, 1)); return err },
			"alert: tls: certificate required", Limit),
		Entry("writing", func(c *tls.Conn) error { _, err := io.WriteString(c, "more"); return err },
			"reset", Limit),
	)

	It("sees the alert for sure if the server lingers", func(ctx SpecContext) {
		l, authority := StartLab(), newAuthority()
		server := demand(l, authority, servers.Linger)

		saw, err := clients.TLS(ctx, l.Host("client"), server.Addr(), authority.trusting(), request)

		Expect(tlsSaw(err)).To(Equal("alert: tls: certificate required"))
		Expect(saw).NotTo(EndIn("read", harness.Reset))
		Note(saw)
		Eventually(ctx, server.Outcomes()).Should(Receive())
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)
})
