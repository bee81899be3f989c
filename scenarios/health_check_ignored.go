package scenarios

import (
	"fmt"
	"log"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A reset before the first byte cannot have cost anybody anything: nothing was
// asked, nothing was promised. A backend that takes it for a health check has
// a clean log and serves on; one that logs every reset has a line for each
// probe. A reset behind a first byte is another matter.
var _ = Situation(catalogue.Situation{
	Name:  "health-check-ignored",
	Title: "A stream of health checks",
	Cause: "health-check",
	Drawing: `
checker                backend                 client
  RST   ═══ × 100 ════▶  read: ECONNRESET
                         "hello"  ◀───── × 20 ──  "hello"
                         "hello"  ──────────────▶
`,
	Client:     "the checkers abort; the other clients are served",
	Server:     "a reset before the first byte, and no line in its log",
	Twin:       "a backend that logs every reset has a line for each",
	Unscripted: "it is about the log of a program; what that reads is health-check",
}, func() {
	const probes, callers = 100, 20

	// under puts a backend under a stream of probes while clients call, and
	// returns how many of them were served and how many lines were logged.
	under := func(ctx SpecContext, backend func(*log.Logger) lab.Handler) string {
		GinkgoHelper()
		l, logged := StartLab(), gbytes.NewBuffer()
		server := Serve(l, backend(log.New(logged, "", 0)))
		var stream sync.WaitGroup
		stream.Go(func() {
			for range probes {
				clients.Probe(ctx, l.Host("checker"), server.Addr())
			}
		})
		served := 0
		for range callers {
			if reply, _ := clients.Ask(ctx, l.Host("client"), server.Addr(), "hello"); reply == "hello" {
				served++
			}
		}
		stream.Wait()
		for range probes + callers {
			Eventually(ctx, server.Outcomes()).Should(Receive())
		}
		Expect(Recorded(l)).To(ShowReset(
			SentBy(evidence.Application, "checker"), Because("TCP_STATE"), WithFlags("RST ACK")))
		lines := strings.Count(string(logged.Contents()), "\n")
		return fmt.Sprintf("served %d of %d clients, logged %d errors", served, callers, lines)
	}

	It("is ignored by a backend that takes a reset before the first byte for one", About(claims.ProbeIgnorable), func(ctx SpecContext) {
		saw := under(ctx, servers.EchoAndTolerateProbes)

		Expect(saw).To(Equal("served 20 of 20 clients, logged 0 errors"))
		Measured(claims.ProbeIgnorable, saw, "the server takes a reset before the first byte for a probe")
	}, Limit)

	It("fills the log of a backend that logs every reset", About(claims.ProbeIgnorable), func(ctx SpecContext) {
		saw := under(ctx, servers.EchoAndLogResets)

		Expect(saw).To(Equal("served 20 of 20 clients, logged 100 errors"))
		Measured(claims.ProbeIgnorable, saw, "the server logs every reset")
	}, Limit)

	It("does not hide a client that is lost in the middle", func(ctx SpecContext) {
		l, logged := StartLab(), gbytes.NewBuffer()
		server := Serve(l, servers.EchoAndTolerateProbes(log.New(logged, "", 0)))

		clients.SendThenLeave(ctx, l.Host("client"), server.Addr(), "hello", (*lab.Conn).Abort)

		var saw lab.Outcome
		Eventually(ctx, server.Outcomes()).Should(Receive(&saw))
		Expect(logged).To(gbytes.Say("connection reset by peer"))
		Note(saw)
	}, Limit)
})
