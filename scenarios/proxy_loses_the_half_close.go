package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A FIN ends one direction; the other may go on for as long as it likes (RFC
// 9293, section 3.6). A plain toxiproxy answers the first FIN by closing both
// connections (link.go, dest.Close), and the answer has no way back.
var _ = Situation(catalogue.Situation{
	Name:  "proxy-loses-the-half-close",
	Title: "A half-close through a proxy",
	Cause: "half-close-lost",
	Drawing: `
client              proxy                server
  "done?", FIN ─────▶      ─────────────▶  read: EOF
                           ◀─────────────  "yes"
  "yes"        ◀─────      or nothing, if it knows no half-close
`,
	Client:     "behind a plain toxiproxy: no answer",
	Server:     "its answer has no way back",
	Twin:       "a faithful proxy leaves the way back open",
	Unscripted: "a proxy stands between",
}, func() {
	DescribeTable("leaves the way back for an answer of",
		func(ctx SpecContext, bytes int, route lab.Route) {
			l := StartLab()
			server := Serve(l, servers.AnswerAfterFinish("yes"))

			saw := clients.SendThenFinishThenRead(ctx, l.Host("client"), Reach(l, server, route), "done?")

			Expect(saw).To(EndIn("read", harness.Finished))
			Expect(saw.Received).To(BeEquivalentTo(bytes))
			Note(saw)
			if route != lab.Stock { // there the answer may draw a RST, or come too late for that
				Expect(Recorded(l)).To(ShowNoReset())
			}
		},
		EntryDescription("%d bytes (%s)"),
		Entry(nil, 3, lab.Direct, Via(lab.Direct), Limit),
		Entry(nil, 3, lab.Proxied, Via(lab.Proxied), Limit),
		Entry(nil, 0, lab.Stock, Via(lab.Stock), Limit),
	)
})
