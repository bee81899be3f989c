package suite

import (
	"fmt"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
)

// usageEntry is the name under which each process of a run reports how much
// processor time it and its children have used.
const usageEntry = "processor time"

var _ = AfterSuite(func() {
	if used, ok := processorTime(); ok {
		AddReportEntry(usageEntry, strconv.FormatInt(int64(used), 10), ReportEntryVisibilityNever)
	}
})

// usage says what a run cost and what bounded it: its processes' time on the
// processors, if the system tells, and its longest spec.
func usage(report Report) string {
	var used time.Duration
	for _, node := range report.SpecReports {
		for _, entry := range node.ReportEntries {
			if nanoseconds, err := strconv.ParseInt(entry.StringRepresentation(), 10, 64); entry.Name == usageEntry && err == nil {
				used += time.Duration(nanoseconds)
			}
		}
	}
	var longest types.SpecReport
	for _, spec := range Specs(report) {
		if spec.RunTime > longest.RunTime {
			longest = spec
		}
	}
	text := fmt.Sprintf("%.1f s", report.RunTime.Seconds())
	if used > 0 {
		text += fmt.Sprintf(", %.1f s of processor time by %d processes", used.Seconds(), report.SuiteConfig.ParallelTotal)
	}
	return text + fmt.Sprintf(", longest spec %.1f s", longest.RunTime.Seconds())
}
