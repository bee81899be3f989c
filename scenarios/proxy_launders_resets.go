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

// A proxy has two connections, and a RST ends one of them. What the other one
// gets is the proxy's choice: toxiproxy copies until reading fails and then
// closes, whatever the failure was (link.go, ToxicLink.write), so that a reset
// comes out as an orderly end. A test behind it tests the wrong error.
var _ = Situation(catalogue.Situation{
	Name:  "proxy-launders-resets",
	Title: "A reset on its way through a proxy",
	Cause: "proxy-hid-it",
	Drawing: `
client            plain toxiproxy            server
                        read: ECONNRESET  ◀════  RST
  read: EOF  ◀────  FIN
`,
	Client:     "behind a plain toxiproxy: the end of the stream",
	Server:     "aborts",
	Twin:       "a faithful proxy passes the RST on: ECONNRESET",
	Unscripted: "a proxy stands between",
}, func() {
	// arrives is the state to which the other end goes from ESTABLISHED: by a
	// RST, or by the FIN that it has become.
	arrives := map[harness.Ending]string{harness.Reset: "CLOSE", harness.Finished: "CLOSE_WAIT"}

	DescribeTable("comes from the server and ends for the client", Named("from-the-server"),
		func(ctx SpecContext, ending harness.Ending, route lab.Route) {
			l := StartLab()
			server := Serve(l, servers.ReadOneByteThenAbort)

			saw := clients.SendThenRead(ctx, l.Host("client"), Reach(l, server, route), "a")

			Expect(saw).To(EndIn("read", ending))
			Note(saw)
			Expect(Recorded(l)).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")),
				ShowStates("client", "ESTABLISHED", arrives[ending]),
			))
		},
		EntryDescription("as %s (%s)"),
		Entry(nil, harness.Reset, lab.Direct, Via(lab.Direct), Limit),
		Entry(nil, harness.Reset, lab.Proxied, Via(lab.Proxied), Limit),
		Entry(nil, harness.Finished, lab.Stock, Via(lab.Stock), Limit),
	)

	DescribeTable("comes from the client and ends for the server",
		func(ctx SpecContext, ending harness.Ending, route lab.Route) {
			l := StartLab()
			server := Serve(l, servers.ReadThenClose(2))

			clients.SendThenLeave(ctx, l.Host("client"), Reach(l, server, route), "a", (*lab.Conn).Abort)

			var saw lab.Outcome
			Eventually(ctx, server.Outcomes()).Should(Receive(&saw))
			Expect(saw).To(EndIn("read", ending))
			Expect(saw.Received).To(BeEquivalentTo(1))
			Note(saw)
			Expect(Recorded(l)).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "client"), Because("TCP_STATE"), WithFlags("RST ACK")),
				ShowStates("server", "ESTABLISHED", arrives[ending]),
			))
		},
		EntryDescription("as %s (%s)"),
		Entry(nil, harness.Reset, lab.Direct, Via(lab.Direct), Limit),
		Entry(nil, harness.Reset, lab.Proxied, Via(lab.Proxied), Limit),
		Entry(nil, harness.Finished, lab.Stock, Via(lab.Stock), Limit),
	)
})
