package spec

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/scenarios/internal/suite"
	"github.com/resetlab/resetlab/scenarios/reasons"
)

// noteReasons attaches the reasons that a recording shows to the spec, once
// each. What the kernel told counts by its own note, and only if it is about a
// connection of this recording.
func noteReasons(r *evidence.Recording) {
	GinkgoHelper()
	noted := map[reasons.Sighting]bool{}
	note := func(s reasons.Sighting) {
		if s.Reason != "" && !noted[s] {
			noted[s] = true
			AddReportEntry(suite.ReasonEntry, s, ReportEntryVisibilityFailureOrVerbose)
		}
	}
	for _, event := range r.Events {
		if event.Trace != nil {
			note(reasons.Sighting{Reason: event.Trace.Reason, Observed: true})
		}
	}
	for _, reset := range r.Resets {
		if reset.Level == evidence.Inferred {
			note(reasons.Sighting{Reason: reset.Reason})
		}
	}
}
