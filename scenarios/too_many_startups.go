package scenarios

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// sshd drops new connections at random while too many others have not
// authenticated, so that somebody who opens many cannot keep everybody out
// (sshd_config(5), MaxStartups; sshd.c, should_drop_connection). A dropped
// connection has been accepted; nothing is read from it before it is closed.
var _ = Situation(catalogue.Situation{
	Name:  "too-many-startups",
	Title: "sshd with too many startups",
	Cause: "max-startups",
	Drawing: `
client                 sshd
  SYN      ──────────▶
           ◀──────────  SYN-ACK
                          accept, 10 others not authenticated: 30 %
           ◀──────────  FIN
`,
	Client:     "some: the end of the stream or ECONNRESET",
	Server:     "drops at random from 10 unauthenticated connections on",
	Twin:       "fewer than 10: nobody is dropped",
	Unscripted: "a program counts, and decides by chance",
}, func() {
	It("drops some from 10 unauthenticated connections on, rising to all at 100", About(claims.MaxStartups), func(ctx SpecContext) {
		usual := servers.MaxStartups{Begin: 10, Rate: 30, Full: 100}
		g := guarded(ctx, usual, servers.CloseAtOnce)

		g.hold(usual.Begin - 1)
		Expect(g.sample(20)).To(BeZero(), "dropped of 20 below 10")
		g.hold(10)
		at10 := g.sample(sampleSize)
		g.hold(55)
		at55 := g.sample(sampleSize)
		g.hold(100)
		at100 := g.sample(20)

		saw := fmt.Sprintf("dropped %s at 10, %s at 55, %d of 20 at 100", share(at10, 30), share(at55, 65), at100)
		Expect(saw).To(Equal("dropped about 30 % at 10, about 65 % at 55, 20 of 20 at 100"))
		Measured(claims.MaxStartups, saw)
	}, Limit)
})
