package spec

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
	"github.com/resetlab/resetlab/scenarios/internal/suite"
)

// Limit bounds every spec. It is no expectation of speed: it ends what hangs, and
// a second of work takes half a minute on two processors that 60 others want, and
// the first spec of a program asks for its release, too.
const Limit = SpecTimeout(5 * time.Minute)

// Whatever a spec starts is gone when it ends: every goroutine, every
// descriptor. What is left behind fails the spec that left it. It takes a
// context so that an interrupt waits for it. What was deferred first runs last:
// whatever failed, the report ends with how to run the spec again.
var _ = BeforeEach(func(SpecContext) {
	DeferCleanup(func() {
		if spec := CurrentSpecReport(); spec.Failed() {
			AddReportEntry("again", suite.Again(spec))
		}
	})
	goroutines, before := gleak.Goroutines(), OpenDescriptors()
	DeferCleanup(func(ctx SpecContext) {
		Eventually(ctx, gleak.Goroutines).WithPolling(time.Millisecond).ShouldNot(gleak.HaveLeaked(goroutines))
		Eventually(ctx, OpenDescriptors).WithPolling(time.Millisecond).Should(Equal(before))
		Eventually(ctx, openProcesses).WithPolling(time.Millisecond).Should(BeEmpty())
	}, NodeTimeout(10*time.Second))
})

// StartLab starts a lab on IPv4's loopback that must close without complaint.
func StartLab() *lab.Lab {
	GinkgoHelper()
	l, err := NewLab()
	Expect(err).NotTo(HaveOccurred())
	RecordLab(l)
	DeferCleanup(func() { Expect(l.Close()).To(Succeed()) })
	return l
}

// Serve starts a server at the host "server".
func Serve(l *lab.Lab, handle lab.Handler) lab.Server {
	GinkgoHelper()
	server, err := lab.Serve(l.Host("server"), handle)
	Expect(err).NotTo(HaveOccurred())
	return server
}

// Reach returns the address at which clients find the server on the route.
func Reach(l *lab.Lab, server lab.Server, route lab.Route) string {
	GinkgoHelper()
	address, err := l.Reach(server, route)
	Expect(err).NotTo(HaveOccurred())
	return address
}

// About labels a spec with the claims that it is about. The label is what
// connects the two when the spec fails, or does not run, and no observation
// comes of it.
func About(ids ...claims.ID) Labels { return claims.Labels(ids...) }

// A spec that passes has measured every claim that it is about: a verdict
// would otherwise count it and not know what it saw.
var _ = AfterEach(func() {
	spec := CurrentSpecReport()
	if spec.State != types.SpecStatePassed {
		return
	}
	var seen []claims.ID
	for _, o := range suite.Observations(spec) {
		seen = append(seen, o.Claim)
	}
	Expect(seen).To(ContainElements(claims.Labelled(spec.Labels())), "the spec is about claims that it has not measured")
})

// MeasuredEach is Measured for every claim that the spec is about.
func MeasuredEach(saw any, condition ...string) {
	GinkgoHelper()
	for _, claim := range claims.Labelled(CurrentSpecReport().Labels()) {
		Measured(claim, saw, condition...)
	}
}

// Measured attaches what was observed to the spec and to a claim. saw is an
// Outcome, whose first failing call is the observation, or a phrase computed
// from what was seen. The condition, if any, is one that the document leaves
// out.
func Measured(claim claims.ID, saw any, condition ...string) {
	GinkgoHelper()
	Expect(claims.Labelled(CurrentSpecReport().Labels())).To(ContainElement(claim), "say what the spec is about")
	observation := claims.Observation{Claim: claim}
	switch saw := saw.(type) {
	case lab.Outcome:
		Note(saw)
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
	AddReportEntry(suite.ClaimEntry, observation, ReportEntryVisibilityFailureOrVerbose)
}

// MadeWith attaches to the spec with which real programs, and versions, it is
// made, in the order of its labels: "haproxy 2.6, java 17".
func MadeWith(programs string) {
	GinkgoHelper()
	AddReportEntry(suite.ProgramsEntry, programs, ReportEntryVisibilityFailureOrVerbose)
}

// Note attaches outcomes to the spec's report.
func Note(outcomes ...lab.Outcome) {
	GinkgoHelper()
	for _, outcome := range outcomes {
		AddReportEntry(outcome.Host, outcome, ReportEntryVisibilityFailureOrVerbose)
	}
}
