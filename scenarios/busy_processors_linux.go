package scenarios

import (
	"fmt"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A busy processor makes everything late, and TCP bears with whoever is late:
// the kernel acknowledges and keeps what the program has no time to read. What
// resets connections of a busy system is something that fills up or runs out:
// an accept queue, an idle timeout, a limit. They have scenarios of their own.
var _ = Situation(catalogue.Situation{
	Name:  "busy-processors",
	Title: "A machine whose processors are busy",
	Cause: "busy",
	Drawing: `
client                 kernel                 busy server
  "a"    ───────────▶    ACK
                                              much later: read, write
         ◀─────────────────────────────────── "a"
`,
	Client:     "waits, and has its answer",
	Server:     "is late, and serves",
	Twin:       "what fills up or runs out meanwhile has a scenario of its own",
	Unscripted: "a line of a script begins when the last is over: no program is late",
}, func() {
	const callers = 32

	It("makes its clients wait and resets none", About(claims.BusyCPU), func(ctx SpecContext) {
		l := StartLab()
		server, err := l.Host("server").Start(ctx, servers.EchoOnBusyProcessorsProcess, lab.Limits{})
		Expect(err).NotTo(HaveOccurred())

		var calls sync.WaitGroup
		saw := make(chan lab.Outcome, callers)
		for range callers {
			calls.Go(func() {
				_, outcome := clients.Ask(ctx, l.Host("client"), server.Addr(), strings.Repeat("a", 1<<16))
				saw <- outcome
			})
		}
		calls.Wait()
		close(saw)

		observation := fmt.Sprintf("all %d answered", callers)
		for outcome := range saw {
			Note(outcome)
			if outcome.Ending != harness.Open || outcome.Received != outcome.Sent {
				observation = outcome.First()
			}
		}
		Expect(observation).To(Equal("all 32 answered"))
		Measured(claims.BusyCPU, observation)
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)
})
