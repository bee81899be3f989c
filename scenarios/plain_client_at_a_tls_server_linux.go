package scenarios

import (
	"crypto/tls"
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
	"github.com/resetlab/resetlab/servers"
)

// A TLS server that gives up on a client without TLS says so, and closes. What
// it has not read by then makes the close a RST (RFC 1122, section 4.2.2.13).
// Its last word came first and Linux keeps it readable: a client that reads
// next has both, one that writes next gets ECONNRESET and may never look.
var _ = Situation(catalogue.Situation{
	Name:  "plain-client-at-a-tls-server",
	Title: "A plain client at a TLS server",
	Cause: "plain-to-tls",
	Drawing: `
plain client           TLS server
  4 kB     ───────────▶  read 576 bytes: not TLS
           ◀───────────  "this is a TLS port"
           ◀═══════════  close: RST
`,
	Client: "the last word, then ECONNRESET; a client that writes on never reads it",
	Server: "says that it wants TLS, and closes",
	Twin:   "the server has read everything: the last word and the end of the stream",
	Script: `
--- is-reset-behind-the-server-s-last-word-when-it-sent-more-than-the-server-read/direct
client write 4096
server read 576
server write "this is a TLS port"
server close → ok
client read 100 → "this is a TLS port"
client read 100 → ECONNRESET
--- gets-the-last-word-and-a-fin-when-the-server-has-read-everything
client write "GET / HTTP/1.0\r\n\r\n"
server read 576
server write "this is a TLS port"
server close → ok
client read 100 → "this is a TLS port"
client read 100 → EOF
`,
}, func() {
	upload := strings.Repeat("x", 4096) // more than TLS reads ahead

	startTLS := func(l *lab.Lab, handshakes chan<- error) lab.Server {
		GinkgoHelper()
		config := &tls.Config{Certificates: []tls.Certificate{newAuthority().issue(nil)}}
		return Serve(l, servers.TLS(config, func(err error) { handshakes <- err }, nil))
	}

	DescribeTable("is reset behind the server's last word when it sent more than the server read", About(claims.TLSMismatch),
		func(ctx SpecContext, route lab.Route) {
			l, handshakes := StartLab(), make(chan error, 1)
			server := startTLS(l, handshakes)

			saw := clients.SendThenRead(ctx, l.Host("client"), Reach(l, server, route), upload)

			Expect(saw).To(EndIn("read", harness.Reset))
			Expect(saw.Received).To(BeEquivalentTo(len("this is a TLS port\r\n")))
			var err error
			Eventually(ctx, handshakes).Should(Receive(&err))
			Expect(tlsSaw(err)).To(Equal("not TLS"))
			Measured(claims.TLSMismatch, sessionOr(err))
			Note(saw)
			Expect(Recorded(l)).To(ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
		},
		ByRoute(lab.Direct, lab.Proxied),
	)

	It("never hears the last word if it goes on writing", func(ctx SpecContext) {
		l, handshakes := StartLab(), make(chan error, 1)
		server := startTLS(l, handshakes)

		saw := clients.CallAfterReset(ctx, l.Host("client"), server.Addr(), upload,
			clients.WriteByte, clients.ReadByte)

		Expect(saw).To(EndIn("write", harness.Reset).Then("read", harness.Open)) // it was there all the time
		Note(saw)
		Expect(Recorded(l)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("gets the last word and a FIN when the server has read everything", func(ctx SpecContext) {
		l, handshakes := StartLab(), make(chan error, 1)
		server := startTLS(l, handshakes)

		saw := clients.SendThenRead(ctx, l.Host("client"), server.Addr(), "GET / HTTP/1.0\r\n\r\n")

		Expect(saw).To(EndIn("read", harness.Finished))
		Expect(saw.Received).To(BeEquivalentTo(len("this is a TLS port\r\n")))
		Note(saw)
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)
})
