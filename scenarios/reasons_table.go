package scenarios

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/scenarios/claims"
	"github.com/resetlab/resetlab/scenarios/reasons"
)

// reasonEntry names the report entries that hold a reasons.Sighting.
const reasonEntry = "reason"

// After the run the suite says which of the kernel's reasons for a RST were
// provoked, and where; after a filtered one only those that were. In strict mode
// it fails if, in a run without filters, the kernel never told a reason that a
// scenario should provoke.
var _ = ReportAfterSuite("the reasons table", func(report Report) {
	if report.SuiteConfig.DryRun || lanes == nil { // nothing ran
		return
	}
	kernel, err := lanes.Reasons()
	if err != nil {
		fmt.Printf("reasons · not observed on this machine: %v\n", err)
	}
	missing := missingOf(report)
	if missing != "" {
		fmt.Printf("reasons · of the specs that passed; %s\n", missing)
	}
	var owed []string
	for _, line := range reasons.Table(kernel, sightings(report), missing) {
		if filtered(report) && !line.Seen() {
			continue
		}
		fmt.Println(line)
		if line.Owed() && err == nil {
			owed = append(owed, line.Reason)
		}
	}
	if len(owed) > 0 && os.Getenv("RESETLAB_STRICT") == "1" && !filtered(report) {
		Fail("strict: the kernel never told what the scenarios should provoke: " + strings.Join(owed, ", "))
	}
})

// missingOf says how many specs a run lacks, empty if all passed.
func missingOf(report Report) string {
	count := map[claims.State]int{}
	for _, run := range Runs(report) {
		count[run.State]++
	}
	var parts []string
	for _, state := range []claims.State{claims.Failed, claims.Skipped, claims.LeftOut} {
		if n := count[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	return strings.Join(parts, ", ")
}

// noteReasons attaches the reasons that a recording shows to the spec, once
// each. What the kernel told counts by its own note, and only if it is about a
// connection of this recording.
func noteReasons(r *evidence.Recording) {
	GinkgoHelper()
	noted := map[reasons.Sighting]bool{}
	note := func(s reasons.Sighting) {
		if s.Reason != "" && !noted[s] {
			noted[s] = true
			AddReportEntry(reasonEntry, s, ReportEntryVisibilityFailureOrVerbose)
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

// sightings collects what the specs that passed attached.
func sightings(report Report) []reasons.Sighting {
	var all []reasons.Sighting
	for _, spec := range report.SpecReports {
		if spec.State != types.SpecStatePassed {
			continue
		}
		for _, entry := range spec.ReportEntries {
			if entry.Name != reasonEntry {
				continue
			}
			s, here := entry.GetRawValue().(reasons.Sighting)
			if here || json.Unmarshal([]byte(entry.Value.AsJSON), &s) == nil {
				s.Scenario, _ = SpecOf(spec)
				all = append(all, s)
			}
		}
	}
	return all
}
