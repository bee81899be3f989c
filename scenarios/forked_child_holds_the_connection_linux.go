package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A forked child has the connection too: the same socket by another descriptor
// (fork(2)). close ends a connection only with the last one (close(2)), and so
// does an abort: SO_LINGER belongs to the socket (socket(7)), and whoever comes
// last carries it out, here the child when it exits.
var _ = Situation(catalogue.Situation{
	Name:  "forked-child-holds-the-connection",
	Title: "A forked child that holds a connection",
	Cause: "held-by-child",
	Drawing: `
client                 server                 child
  "a"    ───────────▶    fork      ─────────▶   "a"
                         abort: ok
  "b"    ◀──────────────────────────────────▶   "b"
  FIN    ───────────────────────────────────▶   exit
         ◀══════════════════════════════════  RST
`,
	Client: "nothing while the child lives, then the end of the stream or ECONNRESET",
	Server: "the parent's close: 0",
	Twin:   "closed: FIN at the child's exit; aborted: RST",
	Script: `
--- keeps-it-open-when-its-parent-is-done-with-it-closed-fin-at-the-child-s-exit
# A fork copies the descriptor.
client write "a"
server dup as child
server close → ok
child read 1 → "a"
child write "a" → 1
client read 1 → "a"
child close
client read 1 → EOF
--- keeps-it-open-when-its-parent-is-done-with-it-aborted-rst-at-the-child-s-exit
client write "a"
server dup as child
server abort → ok
child read 1 → "a"
child write "a" → 1
client read 1 → "a"
child close
client read 1 → ECONNRESET
`,
}, func() {
	DescribeTable("keeps it open when its parent is done with it",
		func(ctx SpecContext, process string, done lab.Op, want harness.Ending, shows RecordingMatcher) {
			l := StartLab()
			server, err := l.Host("server").Start(ctx, process, lab.Limits{})
			Expect(err).NotTo(HaveOccurred())
			client := dial(ctx, l, server.Addr())
			Expect(clients.Exchange(client, "a")).To(Succeed())
			var parent lab.Outcome
			Eventually(ctx, server.Outcomes()).Should(Receive(&parent))
			Expect(parent).To(EndIn(done, harness.Closed))

			Expect(clients.Exchange(client, "b")).To(Succeed())
			Expect(client.CloseWrite()).To(Succeed())
			clients.ReadAll(client)

			Expect(client.Outcome()).To(EndIn("read", want))
			Note(parent, client.Outcome())
			Expect(Recorded(l, client)).To(shows)
		},
		Entry("closed, FIN at the child's exit", servers.ForkAndForgetProcess, lab.CloseOp,
			harness.Finished, ShowNoReset(), Limit),
		Entry("aborted, RST at the child's exit", servers.ForkAndAbortProcess, lab.Abort,
			harness.Reset, ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")), Limit),
	)
})
