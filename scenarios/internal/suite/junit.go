package suite

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/reporters"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/resetlab/resetlab/scenarios/claims"
)

// reportChosen has the suite write the report that --junit-report asks for, and
// returns a configuration by which Ginkgo does not: its own lists every spec
// that a filter leaves out as skipped.
func reportChosen(config types.ReporterConfig) types.ReporterConfig {
	path := config.JUnitReport
	if path == "" {
		return config
	}
	ReportAfterSuite("the JUnit report", func(report Report) {
		if err := reporters.GenerateJUnitReport(chosen(report), path); err != nil {
			Fail("write the JUnit report: " + err.Error())
		}
	})
	config.JUnitReport = ""
	return config
}

// chosen leaves out of a report the specs that a filter has left out of the run,
// and what goes before and after the specs, unless it failed.
func chosen(report Report) Report {
	report.SpecReports = slices.DeleteFunc(slices.Clone(report.SpecReports), func(spec types.SpecReport) bool {
		if spec.LeafNodeType != types.NodeTypeIt {
			return spec.State.Is(types.SpecStatePassed)
		}
		return stateOf(report, spec) == claims.LeftOut
	})
	return report
}
