package suite

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/resetlab/resetlab/scenarios/claims"
)

// What the report entries hold that have these names.
const (
	ClaimEntry    = "claim"    // a claims.Observation
	ProgramsEntry = "programs" // the real programs of the spec with their versions: "haproxy 2.6, java 17"
)

// After the run the suite says what became of every claim. In strict mode it
// fails if, in a run without filters, a claim was not put to the test or a
// spec was skipped.
var _ = ReportAfterSuite("the claims table", func(report Report) {
	if report.SuiteConfig.DryRun { // nothing ran, nothing is to be said
		return
	}
	table := claims.Tabulate(Runs(report))
	if _, err := table.WriteTo(os.Stdout); err != nil {
		Fail("write the claims table: " + err.Error())
	}
	saySkips(report)
	fmt.Println(closing(report))
	if os.Getenv("RESETLAB_STRICT") != "1" || Filtered(report) {
		return
	}
	for _, claim := range claims.All() {
		for _, verdict := range table.Shown(claim.ID) {
			if !verdict.Judged() && verdict.Failed == 0 {
				Fail(fmt.Sprintf("strict: a spec of the claim %s did not run: %v", verdict.Claim, verdict))
			}
		}
	}
	for _, spec := range Specs(report) {
		if stateOf(report, spec) == claims.Skipped && !claims.MayBeMissing(spec.Labels()) {
			Fail(fmt.Sprintf("strict: a spec was skipped, %s: %s", spec.FullText(), spec.Failure.Message))
		}
	}
})

// Specs returns the specs of a report, without what goes before and after them.
func Specs(report Report) []types.SpecReport {
	var all []types.SpecReport
	for _, spec := range report.SpecReports {
		if spec.LeafNodeType == types.NodeTypeIt {
			all = append(all, spec)
		}
	}
	return all
}

// Runs returns what became of every spec, with what those that passed observed.
// A spec that is for a newer version than is there is none.
func Runs(report Report) []claims.Run {
	var all []claims.Run
	for _, spec := range Specs(report) {
		run := claims.Run{About: claims.Labelled(spec.Labels()), State: stateOf(report, spec),
			Programs: claims.Programs(spec.Labels()), By: ProgramsOf(spec)}
		if run.State == claims.Skipped && claims.MayBeMissing(spec.Labels()) {
			continue
		}
		if run.State == claims.Passed {
			run.Saw = Observations(spec)
		}
		all = append(all, run)
	}
	return all
}

// stateOf says what became of a spec. Ginkgo gives one that a filter left out
// the same state as one that skipped itself, but no message. What an interrupt
// ended, or what came behind that, did not fail.
func stateOf(report Report, spec types.SpecReport) claims.State {
	switch {
	case spec.State.Is(types.SpecStatePassed):
		return claims.Passed
	case spec.State.Is(types.SpecStateSkipped) && spec.Failure.Message == "" && Filtered(report):
		return claims.LeftOut
	case spec.State.Is(types.SpecStateSkipped | types.SpecStatePending | types.SpecStateInterrupted | types.SpecStateAborted):
		return claims.Skipped
	}
	return claims.Failed
}

// closing counts the specs of a run and says what it cost, in a line.
func closing(report Report) string {
	count := map[claims.State]int{}
	for _, spec := range Specs(report) {
		count[stateOf(report, spec)]++
	}
	line := fmt.Sprintf("suite · %d specs passed", count[claims.Passed])
	if failed := count[claims.Failed]; failed > 0 {
		line += fmt.Sprintf(", %d FAILED", failed)
	}
	line += fmt.Sprintf(", %d skipped", count[claims.Skipped])
	if leftOut := count[claims.LeftOut]; leftOut > 0 {
		line += fmt.Sprintf(", %d left out", leftOut)
	}
	return line + " · " + usage(report)
}

// saySkips says why specs skipped themselves, and how many for each reason.
func saySkips(report Report) {
	reasons := map[string]int{}
	for _, spec := range report.SpecReports {
		if spec.State == types.SpecStateSkipped && spec.Failure.Message != "" {
			reasons[spec.Failure.Message]++
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		fmt.Printf("skipped · %d specs: %s\n", reasons[reason], reason)
	}
}

// Observations collects what a spec attached. The entries of this process come
// as they are, those of the other processes as JSON.
func Observations(spec types.SpecReport) []claims.Observation {
	var all []claims.Observation
	for _, entry := range spec.ReportEntries {
		if entry.Name != ClaimEntry {
			continue
		}
		o, here := entry.GetRawValue().(claims.Observation)
		if here || json.Unmarshal([]byte(entry.Value.AsJSON), &o) == nil {
			all = append(all, o)
		}
	}
	return all
}

// ProgramsOf returns the real programs of a spec with their versions, empty
// where they were not asked.
func ProgramsOf(spec types.SpecReport) string {
	for _, entry := range spec.ReportEntries {
		if by, is := entry.GetRawValue().(string); is && entry.Name == ProgramsEntry {
			return by
		}
	}
	return ""
}

// Filtered says whether the run left specs out on request: Ginkgo gives those
// the same state as skipped ones.
func Filtered(report Report) bool {
	config := report.SuiteConfig
	return config.LabelFilter != "" || config.SemVerFilter != "" || len(config.FocusStrings) > 0 ||
		len(config.SkipStrings) > 0 || len(config.FocusFiles) > 0 || len(config.SkipFiles) > 0 ||
		report.SuiteHasProgrammaticFocus
}
