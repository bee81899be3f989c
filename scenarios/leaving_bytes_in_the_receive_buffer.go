package scenarios

import (
	"fmt"

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

// Whether close sends FIN or RST depends on one thing only: whether the
// receive buffer is empty, however much was read before (RFC 1122, section
// 4.2.2.13; net/ipv4/tcp.c, __tcp_close, data_was_unread).
var _ = Situation(catalogue.Situation{
	Name:  "leaving-bytes-in-the-receive-buffer",
	Title: "Leaving bytes in the receive buffer",
	Cause: "unread",
	Drawing: `
client             server          client             server
  "abc" ─────────▶                   "abc" ─────────▶
                   read 2, close                      read 3, close
        ◀═════════ RST                      ◀───────── FIN
`,
	Client: "read: ECONNRESET if a byte is left, otherwise the end of the stream",
	Server: "close: 0",
	Twin:   "the same server reads one byte more",
	Script: `
--- is-what-turns-the-fin-of-a-close-into-a-rst
client write "abc"
server read 2 → "ab"
server close
client read 1 → ECONNRESET
`,
}, func() {
	It("is what turns the FIN of a close into a RST", About(claims.GoUnreadData), func(ctx SpecContext) {
		l := StartLab()
		partly, whole := Serve(l, servers.ReadThenClose(2)), Serve(l, servers.ReadThenClose(3))

		left := clients.SendThenRead(ctx, l.Host("client"), partly.Addr(), "abc")
		none := clients.SendThenRead(ctx, l.Host("client"), whole.Addr(), "abc")

		Expect(left).To(EndIn("read", harness.Reset))
		Expect(none).To(EndIn("read", harness.Finished))
		Measured(claims.GoUnreadData, fmt.Sprintf("%s with %s; %s with %s",
			left.First(), unread(ctx, left, partly), none.First(), unread(ctx, none, whole)))
		Note(left, none)
		Expect(Recorded(l)).To(SatisfyAll(
			ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")),
			ShowStates("server", "ESTABLISHED", "CLOSE"), ShowStates("server", "ESTABLISHED", "FIN_WAIT1"),
			MoveCounter("TCPAbortOnClose", 1),
		))
	}, Limit)
})

// unread says how many of the bytes that the client sent its server left
// unread. It takes the server's next outcome.
func unread(ctx SpecContext, client lab.Outcome, server lab.Server) string {
	GinkgoHelper()
	var outcome lab.Outcome
	Eventually(ctx, server.Outcomes()).Should(Receive(&outcome))
	Note(outcome)
	return fmt.Sprintf("%d unread", client.Sent-outcome.Received)
}
