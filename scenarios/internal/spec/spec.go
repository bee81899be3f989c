package scenarios

import (
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gleak"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/scenarios/claims"
)

// limit bounds every spec. It is no expectation of speed: it ends what hangs, and
// a second of work takes half a minute on two processors that 60 others want.
const limit = SpecTimeout(2 * time.Minute)

// Whatever a spec starts is gone when it ends: every goroutine, every
// descriptor. What is left behind fails the spec that left it. It takes a
// context so that an interrupt waits for it. What was deferred first runs last:
// whatever failed, the report ends with how to run the spec again.
var _ = BeforeEach(func(SpecContext) {
	DeferCleanup(func() {
		if spec := CurrentSpecReport(); spec.Failed() {
			AddReportEntry("again", Again(spec.FullText()))
		}
	})
	goroutines, before := gleak.Goroutines(), openDescriptors()
	DeferCleanup(func(ctx SpecContext) {
		Eventually(ctx, gleak.Goroutines).WithPolling(time.Millisecond).ShouldNot(gleak.HaveLeaked(goroutines))
		Eventually(ctx, openDescriptors).WithPolling(time.Millisecond).Should(Equal(before))
		Eventually(ctx, openProcesses).WithPolling(time.Millisecond).Should(BeEmpty())
	}, NodeTimeout(10*time.Second))
})

// startLab starts a lab on IPv4's loopback that must close without complaint.
func startLab() *lab.Lab {
	GinkgoHelper()
	l, err := newLab()
	Expect(err).NotTo(HaveOccurred())
	recordLab(l)
	DeferCleanup(func() { Expect(l.Close()).To(Succeed()) })
	return l
}

// serve starts a server at the host "server".
func serve(l *lab.Lab, handle lab.Handler) lab.Server {
	GinkgoHelper()
	server, err := lab.Serve(l.Host("server"), handle)
	Expect(err).NotTo(HaveOccurred())
	return server
}

// reach returns the address at which clients find the server on the route.
func reach(l *lab.Lab, server lab.Server, route lab.Route) string {
	GinkgoHelper()
	address, err := l.Reach(server, route)
	Expect(err).NotTo(HaveOccurred())
	return address
}

// about labels a spec with the claims that it is about. The label is what
// connects the two when the spec fails, or does not run, and no observation
// comes of it.
func about(ids ...claims.ID) Labels { return claims.Labels(ids...) }

// A spec that passes has measured every claim that it is about: a verdict
// would otherwise count it and not know what it saw.
var _ = AfterEach(func() {
	spec := CurrentSpecReport()
	if spec.State != types.SpecStatePassed {
		return
	}
	var seen []claims.ID
	for _, o := range observations(spec) {
		seen = append(seen, o.Claim)
	}
	Expect(seen).To(ContainElements(claims.Labelled(spec.Labels())), "the spec is about claims that it has not measured")
})

// measuredEach is measured for every claim that the spec is about.
func measuredEach(saw any, condition ...string) {
	GinkgoHelper()
	for _, claim := range claims.Labelled(CurrentSpecReport().Labels()) {
		measured(claim, saw, condition...)
	}
}

// measured attaches what was observed to the spec and to a claim. saw is an
// Outcome, whose first failing call is the observation, or a phrase computed
// from what was seen. The condition, if any, is one that the document leaves
// out.
func measured(claim claims.ID, saw any, condition ...string) {
	GinkgoHelper()
	Expect(claims.Labelled(CurrentSpecReport().Labels())).To(ContainElement(claim), "say what the spec is about")
	observation := claims.Observation{Claim: claim}
	switch saw := saw.(type) {
	case lab.Outcome:
		note(saw)
		observation.Saw = saw.First()
	case harness.Ending:
		observation.Saw = string(saw)
	case string:
		observation.Saw = saw
	default:
		Fail(fmt.Sprintf("measured %s: cannot say what %T saw", claim, saw))
	}
	if len(condition) > 0 {
		observation.If = condition[0]
	}
	AddReportEntry(claimEntry, observation, ReportEntryVisibilityFailureOrVerbose)
}

// note attaches outcomes to the spec's report.
func note(outcomes ...lab.Outcome) {
	GinkgoHelper()
	for _, outcome := range outcomes {
		AddReportEntry(outcome.Host, outcome, ReportEntryVisibilityFailureOrVerbose)
	}
}
