package scenarios

import (
	"io"
	"os/exec"
	"path/filepath"

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

// A server that leaves its work to a helper program finds out at the first
// request that the helper is not where its settings say (sshd_config(5),
// Subsystem). The client is let in and sees the connection end without an
// answer: with FIN, or with RST if it has sent on in the meantime.
var _ = Situation(catalogue.Situation{
	Name:  "helper-missing",
	Title: "A server whose helper program is missing",
	Cause: "helper-missing",
	Drawing: `
client                 server
  login    ──────────▶
           ◀──────────  accepted
  request  ──────────▶    exec: ENOENT
           ◀──────────  FIN
`,
	Client: "is let in; at the first request the end of the stream, or ECONNRESET if it has sent on",
	Server: "cannot start its helper, and closes",
	Twin:   "the helper is there: the request is answered",
	Script: `
--- accepts-the-session-and-ends-it-at-the-first-request-with-fin
client write "login"; server read 10
server write "ok"; client read 10 → "ok"
client write "request"; server read 10
server close
client read 10 → EOF
--- accepts-the-session-and-ends-it-at-the-first-request-with-rst-if-the-client-has-sent-on
client write "login"; server read 10
server write "ok"; client read 10 → "ok"
client write "request"; server read 7
client write "more"
server close
client read 10 → ECONNRESET
`,
}, func() {
	missing := func() string { return filepath.Join(GinkgoT().TempDir(), "sftp-server") }
	login := func(ctx SpecContext, l *lab.Lab, server lab.Server) *lab.Conn {
		GinkgoHelper()
		client := dial(ctx, l, server.Addr())
		_, err := io.WriteString(client, "login\n")
		Expect(err).NotTo(HaveOccurred())
		_, err = io.ReadFull(client, make([]byte, len(servers.Banner)))
		Expect(err).NotTo(HaveOccurred())
		return client
	}

	DescribeTable("accepts the session and ends it at the first request", About(claims.MissingHelper),
		func(ctx SpecContext, request string, want harness.Ending, shows RecordingMatcher) {
			l := StartLab()
			client := login(ctx, l, Serve(l, servers.RunHelper(missing())))

			saw := clients.SendOn(client, request)

			Expect(saw).To(EndIn("read", want))
			Expect(sessionOf(saw)).To(Equal("accepted, ended at the first request"))
			Note(saw)
			Measured(claims.MissingHelper, sessionOf(saw))
			Expect(Recorded(l, client)).To(shows)
		},
		Entry("with FIN", "list\n", harness.Finished, ShowNoReset(), Limit),
		Entry("with RST if the client has sent on", "list\nlist\n", harness.Reset,
			ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")), Limit),
	)

	It("would have answered if it were there", func(ctx SpecContext) {
		cat, err := exec.LookPath("cat")
		if err != nil {
			Skip("no program to be the helper, install cat: " + err.Error())
		}
		l := StartLab()
		client := login(ctx, l, Serve(l, servers.RunHelper(cat)))

		saw := clients.SendOn(client, "list\n")

		Expect(sessionOf(saw)).To(Equal("accepted, answered"), saw.String())
		Note(saw)
	}, Limit)
})

// sessionOf says what became of a session that begins with servers.Banner.
func sessionOf(saw lab.Outcome) string {
	switch accepted := int64(len(servers.Banner)); {
	case saw.Received < accepted:
		return "not accepted"
	case saw.Received > accepted:
		return "accepted, answered"
	}
	return "accepted, ended at the first request"
}
