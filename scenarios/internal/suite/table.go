package scenarios

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

// claimEntry names the report entries that hold a claims.Observation.
const claimEntry = "claim"

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
	sayReasons(report)
	fmt.Println(closing(report))
	if os.Getenv("RESETLAB_STRICT") != "1" || filtered(report) {
		return
	}
	for _, verdict := range table.Verdicts {
		if !verdict.Judged() && verdict.Failed == 0 {
			Fail(fmt.Sprintf("strict: a spec of the claim %s did not run: %v", verdict.Claim, verdict))
		}
	}
	for _, spec := range specs(report) {
		if stateOf(report, spec) == claims.Skipped {
			Fail(fmt.Sprintf("strict: a spec was skipped, %s: %s", spec.FullText(), spec.Failure.Message))
		}
	}
})

// specs returns the specs of a report, without what goes before and after them.
func specs(report Report) []types.SpecReport {
	var all []types.SpecReport
	for _, spec := range report.SpecReports {
		if spec.LeafNodeType == types.NodeTypeIt {
			all = append(all, spec)
		}
	}
	return all
}

// Runs returns what became of every spec, with what those that passed observed.
func Runs(report Report) []claims.Run {
	var all []claims.Run
	for _, spec := range specs(report) {
		run := claims.Run{About: claims.Labelled(spec.Labels()), State: stateOf(report, spec)}
		if run.State == claims.Passed {
			run.Saw = observations(spec)
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
	case spec.State.Is(types.SpecStateSkipped) && spec.Failure.Message == "" && filtered(report):
		return claims.LeftOut
	case spec.State.Is(types.SpecStateSkipped | types.SpecStatePending | types.SpecStateInterrupted | types.SpecStateAborted):
		return claims.Skipped
	}
	return claims.Failed
}

// closing counts the specs of a run, in a line.
func closing(report Report) string {
	count := map[claims.State]int{}
	for _, spec := range specs(report) {
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
	return fmt.Sprintf("%s · %.1f s", line, report.RunTime.Seconds())
}

// sayReasons says why specs skipped themselves, and how many for each reason.
func sayReasons(report Report) {
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

// observations collects what a spec attached. The entries of this process come
// as they are, those of the other processes as JSON.
func observations(spec types.SpecReport) []claims.Observation {
	var all []claims.Observation
	for _, entry := range spec.ReportEntries {
		if entry.Name != claimEntry {
			continue
		}
		o, here := entry.GetRawValue().(claims.Observation)
		if here || json.Unmarshal([]byte(entry.Value.AsJSON), &o) == nil {
			all = append(all, o)
		}
	}
	return all
}

// filtered says whether the run left specs out on request: Ginkgo gives those
// the same state as skipped ones.
func filtered(report Report) bool {
	config := report.SuiteConfig
	return config.LabelFilter != "" || config.SemVerFilter != "" || len(config.FocusStrings) > 0 ||
		len(config.SkipStrings) > 0 || len(config.FocusFiles) > 0 || len(config.SkipFiles) > 0 ||
		report.SuiteHasProgrammaticFocus
}
