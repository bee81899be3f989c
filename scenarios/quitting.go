package scenarios

import (
	"fmt"
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

// Many protocols have a command that asks the server to close: QUIT in SMTP
// (RFC 5321, section 4.1.1.10), FTP and POP3. That is a FIN, and no surprise.
// A client that has sent more behind it, pipelining, gets a RST, since the
// server is not going to read that. (One that had read it already, into a
// buffer of its own, would still send a FIN.)
var _ = Situation(catalogue.Situation{
	Name:  "quitting",
	Title: "A QUIT command",
	Cause: "quit-pipelined",
	Drawing: `
client                       server
  "QUIT\r\nNOOP\r\n" ─────▶
                     ◀─────  "221 closing"
                              close, NOOP unread
                     ◀═════  RST
`,
	Client: "read: ECONNRESET if it sent more behind QUIT",
	Server: "close: 0",
	Twin:   "nothing is sent behind QUIT: the end of the stream",
	Script: `
--- makes-the-server-close-and-what-the-client-gets-is-finished-after-noop-r-nquit-r-n/direct
client write "NOOP\r\nQUIT\r\n"
server read 100
server write "221 closing"
server close
client read 100 → "221 closing"
client read 100 → EOF
--- makes-the-server-close-and-what-the-client-gets-is-reset-after-quit-r-nnoop-r-n/direct
client write "QUIT\r\nNOOP\r\n"
server read 6 → "QUIT\r\n"
server write "221 closing"
server close
client read 100 → "221 closing"
client read 100 → ECONNRESET
`,
}, func() {
	DescribeTable("makes the server close, and what the client gets is", About(claims.QuitCommand),
		func(ctx SpecContext, text string, ending harness.Ending, route lab.Route) {
			l := StartLab()
			server := Serve(l, servers.CloseAtQuit)

			saw := clients.SendThenRead(ctx, l.Host("client"), Reach(l, server, route), text)

			Expect(saw).To(EndIn("read", ending))
			var closed lab.Outcome
			Eventually(ctx, server.Outcomes()).Should(Receive(&closed))
			Expect(closed).To(EndIn("close", harness.Closed))
			Measured(claims.QuitCommand, closed)
			Note(saw)
			want := ShowNoReset()
			if strings.HasSuffix(text, "NOOP\r\n") { // unread
				want = ShowReset(
					SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK"))
			}
			Expect(Recorded(l)).To(want)
		},
		func(text string, ending harness.Ending, route lab.Route) string {
			return fmt.Sprintf("%s after %q (%s)", ending, text, route)
		},
		Entry(nil, "NOOP\r\nQUIT\r\n", harness.Finished, lab.Direct, Via(lab.Direct), Limit),
		Entry(nil, "NOOP\r\nQUIT\r\n", harness.Finished, lab.Proxied, Via(lab.Proxied), Limit),
		Entry(nil, "QUIT\r\nNOOP\r\n", harness.Reset, lab.Direct, Via(lab.Direct), Limit),
		Entry(nil, "QUIT\r\nNOOP\r\n", harness.Reset, lab.Proxied, Via(lab.Proxied), Limit),
		Entry(nil, "QUIT\r\nNOOP\r\n", harness.Finished, lab.Stock, Via(lab.Stock), Limit), // which launders the RST
	)
})
