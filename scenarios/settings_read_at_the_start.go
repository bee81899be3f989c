package scenarios

import (
	"fmt"
	"io"
	"os"
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

// A daemon reads its settings when it starts (sshd(8) and smbd(8) say so of
// theirs). A client that the old ones turn away is turned away until the
// restart, which is a fault of its own: every open connection ends, with FIN,
// or with RST where the daemon had bytes to read (RFC 1122, section 4.2.2.13).
var _ = Situation(catalogue.Situation{
	Name:  "settings-read-at-the-start",
	Title: "A daemon whose settings were changed",
	Cause: "stale-settings",
	Drawing: `
client                 daemon
  long   ───────────▶    settings: short    edited: long
         ◀═══════════  RST
                         restart
  long   ───────────▶    settings: long
         ◀───────────  long
`,
	Client:     "is turned away by the old settings until the restart",
	Server:     "goes on by what it read at its start",
	Twin:       "the restart ends the open connections: FIN, or RST where bytes are unread",
	Unscripted: "it is about a program that is restarted; its closes are closing-with-unread-data",
}, func() {
	const request = "a long request\n"

	It("goes on by its old settings until it is restarted", About(claims.StaleSettings), func(ctx SpecContext) {
		l, settings := StartLab(), filepath.Join(GinkgoT().TempDir(), "settings")
		ask := func(address string) lab.Outcome {
			return clients.SendThenRead(ctx, l.Host("client"), address, request)
		}
		writeSettings(settings, len(request)/2)
		old := Serve(l, bySettings(settings))
		Expect(ask(old.Addr())).To(EndIn("read", harness.Reset))

		writeSettings(settings, len(request))
		edited := ask(old.Addr())
		Expect(old.Close()).To(Succeed())
		restarted := ask(Serve(l, bySettings(settings)).Addr())

		Expect(edited).To(EndIn("read", harness.Reset))
		Expect(restarted).To(EndIn("read", harness.Finished))
		Note(edited, restarted)
		Measured(claims.StaleSettings,
			fmt.Sprintf("%s by the old rule, %s after the restart", answer(edited), answer(restarted)))
	}, Limit)

	DescribeTable("ends its open connections when it is restarted",
		func(ctx SpecContext, text string, want harness.Ending, shows RecordingMatcher) {
			l := StartLab()
			daemon := Serve(l, servers.AnswerOneByte)
			client := dial(ctx, l, daemon.Addr())
			_, err := io.WriteString(client, text)
			Expect(err).NotTo(HaveOccurred())
			clients.ReadByte(client) // the daemon is at work

			Expect(daemon.Close()).To(Succeed())
			clients.ReadByte(client)

			Expect(client.Outcome()).To(EndIn("read", want))
			Note(client.Outcome())
			Expect(Recorded(l, client)).To(shows)
		},
		Entry("with FIN where it has read everything", "a", harness.Finished, ShowNoReset(), Limit),
		Entry("with RST where it has bytes to read", "ab", harness.Reset,
			ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")), Limit),
	)
})

// writeSettings writes the settings of servers.ServeBySettings.
func writeSettings(path string, longest int) {
	GinkgoHelper()
	Expect(os.WriteFile(path, fmt.Appendln(nil, longest), 0o600)).To(Succeed())
}

// bySettings is what a daemon does that is started now.
func bySettings(path string) lab.Handler {
	GinkgoHelper()
	handle, err := servers.ServeBySettings(path)
	Expect(err).NotTo(HaveOccurred())
	return handle
}

// answer says whether all that a client sent came back.
func answer(saw lab.Outcome) string {
	if saw.Received == saw.Sent {
		return "served"
	}
	return string(saw.Ending)
}
