package scenarios

import (
	"crypto/tls"
	"crypto/x509"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// The end that does not like the other's certificate says why in an alert and
// closes (RFC 8446, section 6.2). The other end is in the handshake still and
// reads it. An end that leaves without a word is a reset or an end of stream.
var _ = Situation(catalogue.Situation{
	Name:  "bad-certificate",
	Title: "A server whose certificate is bad",
	Cause: "bad-certificate",
	Drawing: `
client                          server
  ClientHello       ──────────▶
                    ◀──────────  …, Certificate, Finished
  x509: unknown authority
  alert, close      ──────────▶  handshake: remote error: bad certificate
`,
	Client:     "the handshake fails for a reason of its own",
	Server:     "reads the alert that says why",
	Twin:       "a client that leaves without an alert is a reset or an end of the stream",
	Unscripted: "TLS decides, above the sockets",
}, func() {
	// handshake runs a TLS server with the certificate and returns what the
	// handshake with the client that call makes gave at the server.
	handshake := func(ctx SpecContext, certificate tls.Certificate,
		call func(l *lab.Lab, address string) lab.Outcome) error {
		GinkgoHelper()
		l, handshakes := StartLab(), make(chan error, 1)
		config := &tls.Config{Certificates: []tls.Certificate{certificate}}
		server := Serve(l, servers.TLS(config, func(err error) { handshakes <- err }, nil))
		Note(call(l, server.Addr()))
		var err error
		Eventually(ctx, handshakes).Should(Receive(&err))
		return err
	}

	DescribeTable("reads in an alert why there is no session", About(claims.BadCertificate),
		func(ctx SpecContext, issue func(authority) tls.Certificate) {
			authority := newAuthority()
			var client error

			server := handshake(ctx, issue(authority), func(l *lab.Lab, address string) (saw lab.Outcome) {
				saw, client = clients.TLS(ctx, l.Host("client"), address, authority.trusting(), "hello")
				return saw
			})

			Expect(tlsSaw(client)).To(Equal("refused it"))
			Expect(tlsSaw(server)).To(HavePrefix("alert: "))
			Measured(claims.BadCertificate, sessionOr(client))
		},
		Entry("unknown authority", func(authority) tls.Certificate { return newAuthority().issue(nil) }, Limit),
		Entry("expired", func(a authority) tls.Certificate {
			return a.issue(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
		}, Limit),
		Entry("another name", func(a authority) tls.Certificate {
			return a.issue(func(c *x509.Certificate) { c.DNSNames = []string{"other.example"} })
		}, Limit),
		Entry("malformed", func(a authority) tls.Certificate {
			return tls.Certificate{Certificate: [][]byte{[]byte("no DER")}, PrivateKey: newKey()}
		}, Limit),
		Entry("another key", func(a authority) tls.Certificate {
			return tls.Certificate{Certificate: a.issue(nil).Certificate, PrivateKey: newKey()}
		}, Limit),
	)

	It("has a session once the certificate is good", func(ctx SpecContext) {
		authority := newAuthority()
		var client error

		server := handshake(ctx, authority.issue(nil), func(l *lab.Lab, address string) (saw lab.Outcome) {
			saw, client = clients.TLS(ctx, l.Host("client"), address, authority.trusting(), "hello")
			return saw
		})

		Expect([]string{tlsSaw(client), tlsSaw(server)}).To(HaveEach("session"))
	}, Limit)

	DescribeTable("learns nothing from a client that leaves without an alert", About(claims.BadCertificate),
		func(ctx SpecContext, leave func(*lab.Conn) error, ending string) {
			server := handshake(ctx, newAuthority().issue(nil), func(l *lab.Lab, address string) lab.Outcome {
				return clients.TLSRefuse(ctx, l.Host("client"), address, leave)
			})

			Expect(tlsSaw(server)).To(Equal(ending))
			Measured(claims.BadCertificate, sessionOr(server))
		},
		Entry("aborting", (*lab.Conn).Abort, "reset", Limit),
		Entry("half-closing", (*lab.Conn).CloseWrite, "finished", Limit),
	)
})
