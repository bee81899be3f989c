package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A reset needs no byte on its way: a device that gives up on a connection may
// do so while nobody speaks. Toxiproxy's reset_peer waits for the next byte;
// a cut with Now does not.
var _ = Situation(catalogue.Situation{
	Name:  "cut-on-an-idle-connection",
	Title: "A cut on an idle connection",
	Cause: "cut-mid-reply",
	Drawing: `
client              proxy              server
  "a"      ────────▶     ────────────▶
           ◀────────     ◀────────────  "a"
                 (nobody speaks)
           ◀════════  RST  ═══════════▶
`,
	Client:     "the waiting read: ECONNRESET, without a byte on its way",
	Server:     "the waiting read: ECONNRESET",
	Twin:       "toxiproxy's reset_peer waits for the next byte",
	Unscripted: "a proxy stands between",
}, func() {
	DescribeTable("ends it for both ends",
		func(ctx SpecContext, with harness.Action, ending harness.Ending) {
			l := StartLab()
			server := Serve(l, servers.Echo)
			proxy, err := l.Proxy(server)
			Expect(err).NotTo(HaveOccurred())
			client, err := l.Host("client").Dial(ctx, proxy.Addr())
			Expect(err).NotTo(HaveOccurred())
			client.Write([]byte("a"))
			client.Read(make([]byte, 1)) // it came back: all is idle now

			cut, err := proxy.Cut(harness.Cut{Now: true, With: with})
			Expect(err).NotTo(HaveOccurred())
			client.Read(make([]byte, 1))

			Expect(client.Outcome()).To(EndIn("read", ending))
			var saw lab.Outcome
			Eventually(ctx, server.Outcomes()).Should(Receive(&saw))
			Expect(saw).To(EndIn("read", ending))
			Expect(cut.Struck()).To(BeTrue())
			Note(client.Outcome(), saw)
			if ending == harness.Finished {
				Expect(Recorded(l, client)).To(ShowNoReset())
				return
			}
			Expect(Recorded(l, client)).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "proxy"), Because("TCP_STATE"), WithFlags("RST ACK")),
				ShowStates("client", "ESTABLISHED", "CLOSE"), ShowStates("server", "ESTABLISHED", "CLOSE"),
				MoveCounter("OutRsts", 2),
			))
		},
		EntryDescription("as %s"),
		Entry("as reset", harness.SendReset, harness.Reset, Limit), Entry("as finished", harness.SendFIN, harness.Finished, Limit),
	)
})
