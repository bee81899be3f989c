package scenarios

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// sampleSize makes the bounds of share so wide that a correct server is
// outside them with a probability under 10⁻⁹. By Hoeffding's inequality the
// share of n independent drops is off by t or more with a probability of at
// most 2·exp(-2·n·t²): for n = 400 and t = 67/400 that is 3.6·10⁻¹⁰, and twice
// in a spec 7.2·10⁻¹⁰. The bounds at 10 (53 to 187 dropped, exclusive) and at
// 55 (193 to 327) do not overlap.
const sampleSize = 400

// share says that so many of sampleSize are about so many percent, if they are.
func share(dropped, percent int) string {
	if off := dropped - sampleSize*percent/100; -67 < off && off < 67 {
		return fmt.Sprintf("about %d %%", percent)
	}
	return fmt.Sprintf("%d of %d", dropped, sampleSize)
}

// A guard is a server with a limit on startups and a client that tries it.
type guard struct {
	ctx     SpecContext
	lab     *lab.Lab
	client  *lab.Host
	address string
	held    int // unauthenticated connections of the client's
}

// guarded starts a server with the limit. Ginkgo's seed decides who is dropped.
func guarded(ctx SpecContext, limit servers.MaxStartups, drop lab.Handler) *guard {
	GinkgoHelper()
	l := StartLab()
	server := Serve(l, servers.LimitStartups(limit, uint64(GinkgoRandomSeed()), drop))
	return &guard{ctx: ctx, lab: l, client: l.Host("client"), address: server.Addr()}
}

// hold connects until n connections are held open that have not authenticated.
func (g *guard) hold(n int) {
	GinkgoHelper()
	for g.held < n {
		c, admitted := clients.AwaitBanner(g.ctx, g.client, g.address)
		if !admitted {
			Expect(c.Outcome()).To(EndIn("read", harness.Finished))
			c.Abort()
			continue
		}
		DeferCleanup(c.Close)
		g.held++
	}
}

// sample connects n times, authenticating and leaving at once, and returns how
// often it was dropped. It leaves with RST, which spares TIME_WAIT.
func (g *guard) sample(n int) (dropped int) {
	GinkgoHelper()
	for range n {
		c, admitted := clients.AwaitBanner(g.ctx, g.client, g.address)
		if admitted {
			Expect(clients.Exchange(c, "login\n")).To(Succeed())
		} else {
			Expect(c.Outcome()).To(EndIn("read", harness.Finished))
			dropped++
		}
		c.Abort()
	}
	return dropped
}
