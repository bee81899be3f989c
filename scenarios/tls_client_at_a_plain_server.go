package scenarios

import (
	"crypto/tls"

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

// An end that speaks TLS and one that does not part after the first bytes. How
// it looks depends on what the end that gives up has read: with everything
// read its last word and a FIN arrive; with a byte unread its close sends a
// RST (RFC 1122, section 4.2.2.13), and "TLS is missing" reads as "connection
// reset by peer".
var _ = Situation(catalogue.Situation{
	Name:  "tls-client-at-a-plain-server",
	Title: "A TLS client at a plain server",
	Cause: "tls-to-plain",
	Drawing: `
TLS client             plain server
  ClientHello ────────▶  read 1 byte
                         close
              ◀════════  RST
  handshake: ECONNRESET
`,
	Client: "the handshake fails: ECONNRESET, the end of the stream, or no TLS",
	Server: "closes on a ClientHello",
	Twin:   "the server has read the ClientHello: the end of the stream",
	Script: `
--- is-reset-when-the-server-leaves-its-clienthello-unread/direct
client write "\x16\x03\x01\x01"
server read 1
server close
client read 10 → ECONNRESET
--- reads-the-end-of-the-stream-when-the-server-has-read-it
client write "\x16\x03\x01\x01"
server read 10
server shutdown write
client read 10 → EOF
client close
server read 10 → EOF
`,
}, func() {
	handshake := func(ctx SpecContext, plain lab.Handler, route lab.Route) (
		lab.Outcome, *evidence.Recording, error) {
		GinkgoHelper()
		l := StartLab()
		server := Serve(l, plain)
		config := &tls.Config{ServerName: "server.example"}
		saw, err := clients.TLS(ctx, l.Host("client"), Reach(l, server, route), config, "hello")
		Measured(claims.TLSMismatch, sessionOr(err))
		Note(saw)
		return saw, Recorded(l), err
	}

	DescribeTable("is reset when the server leaves its ClientHello unread", About(claims.TLSMismatch),
		func(ctx SpecContext, route lab.Route) {
			saw, recording, err := handshake(ctx, servers.ReadOneByteThenClose, route)

			Expect(saw).To(EndIn("read", harness.Reset))
			Expect(tlsSaw(err)).To(Equal("reset"))
			Expect(recording).To(ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
		},
		ByRoute(lab.Direct, lab.Proxied),
	)

	It("reads the end of the stream when the server has read it", About(claims.TLSMismatch), func(ctx SpecContext) {
		saw, recording, err := handshake(ctx, servers.AnswerThenLinger(""), lab.Direct)

		Expect(saw).To(EndIn("read", harness.Finished))
		Expect(tlsSaw(err)).To(Equal("finished"))
		Expect(recording).To(ShowNoReset())
	}, Limit)

	It("finds that the answer is not TLS when the server answers", About(claims.TLSMismatch), func(ctx SpecContext) {
		saw, _, err := handshake(ctx, servers.AnswerThenLinger("500 what?\r\n"), lab.Direct)

		Expect(saw.Ending).To(Equal(harness.Open))
		Expect(tlsSaw(err)).To(Equal("not TLS"))
	}, Limit)
})
