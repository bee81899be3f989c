package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// MaxStartups has no period: a connection counts from its accept until it has
// authenticated or is gone (sshd.c, server_accept_loop). Nor is one refused: it
// has been accepted when sshd decides to drop it.
var _ = Situation(catalogue.Situation{
	Name:  "startups-are-counted-while-they-last",
	Title: "MaxStartups while connections come and go",
	Cause: "max-startups",
	Drawing: `
client                 sshd, MaxStartups 10:100:10
  login, 100 times  ──▶   all served
  10 stay silent    ──▶   all greeted
  one more          ──▶   accept, close
`,
	Client:     "accepted, then the end of the stream or ECONNRESET",
	Server:     "counts those that have not authenticated",
	Twin:       "whoever is gone counts no more",
	Unscripted: "a program counts, and decides",
}, func() {
	It("counts at the same time, and closes what it has accepted", About(claims.MaxStartupsPeriod), func(ctx SpecContext) {
		g := guarded(ctx, servers.MaxStartups{Begin: 10, Rate: 100, Full: 10}, servers.CloseAtOnce)

		dropped := g.sample(100)
		g.hold(10)
		c, _ := clients.AwaitBanner(ctx, g.client, g.address)
		defer c.Close()

		Expect(dropped).To(BeZero(), "dropped of 100 that authenticated")
		Expect(c.Outcome()).To(EndIn("read", harness.Finished))
		Note(c.Outcome())
		counted := "at the same time"
		if dropped > 0 {
			counted = "by period"
		}
		Measured(claims.MaxStartupsPeriod, c.Outcome().First()+", counted "+counted)
	}, Limit)
})
