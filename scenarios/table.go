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
	passed, skipped := 0, []string{}
	for _, spec := range report.SpecReports {
		switch {
		case spec.LeafNodeType != types.NodeTypeIt:
		case spec.State == types.SpecStatePassed:
			passed++
		case spec.State.Is(types.SpecStateSkipped | types.SpecStatePending):
			skipped = append(skipped, spec.FullText()+": "+spec.Failure.Message)
		}
	}
	verdicts := claims.Table(observations(report))
	for _, verdict := range verdicts {
		fmt.Println(verdict)
	}
	sayReasons(report)
	fmt.Printf("suite · %d specs passed, %d skipped · %.1f s\n", passed, len(skipped), report.RunTime.Seconds())
	if os.Getenv("RESETLAB_STRICT") != "1" || filtered(report) {
		return
	}
	for _, verdict := range verdicts {
		if verdict.Word == claims.NotRun {
			AddReportEntry("strict", fmt.Sprintf("claim %s has no passing spec", verdict.Claim))
			Fail(fmt.Sprintf("strict: claim %s has no passing spec", verdict.Claim))
		}
	}
	if len(skipped) > 0 {
		Fail(fmt.Sprintf("strict: %d specs were skipped, the first: %s", len(skipped), skipped[0]))
	}
})

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

// observations collects what the specs that passed attached. The entries of
// this process come as they are, those of the other processes as JSON.
func observations(report Report) []claims.Observation {
	var all []claims.Observation
	for _, spec := range report.SpecReports {
		if spec.State != types.SpecStatePassed {
			continue
		}
		for _, entry := range spec.ReportEntries {
			if entry.Name != claimEntry {
				continue
			}
			o, here := entry.GetRawValue().(claims.Observation)
			if here || json.Unmarshal([]byte(entry.Value.AsJSON), &o) == nil {
				all = append(all, o)
			}
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
