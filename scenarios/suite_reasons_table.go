package scenarios

import (
	"fmt"
	"os"
	"strings"

	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/scenarios/claims"
	"github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/scenarios/internal/suite"
	"github.com/resetlab/resetlab/scenarios/reasons"
)

// After the run the suite says which of the kernel's reasons for a RST were
// provoked, and where; after a filtered one only those that were. In strict mode
// it fails if, in a run without filters, the kernel never told a reason that a
// scenario should provoke.
var _ = ReportAfterSuite("the reasons table", func(report Report) {
	if report.SuiteConfig.DryRun || !spec.Recording() { // nothing ran
		return
	}
	kernel, err := spec.KernelReasons()
	if err != nil {
		fmt.Printf("reasons · not observed on this machine: %v\n", err)
	}
	missing := missingOf(report)
	if missing != "" {
		fmt.Printf("reasons · of the specs that passed; %s\n", missing)
	}
	var owed []string
	for _, line := range reasons.Table(kernel, suite.Sightings(report), missing) {
		if suite.Filtered(report) && !line.Seen() {
			continue
		}
		fmt.Println(line)
		if line.Owed() && err == nil {
			owed = append(owed, line.Reason)
		}
	}
	if len(owed) > 0 && os.Getenv("RESETLAB_STRICT") == "1" && !suite.Filtered(report) {
		Fail("strict: the kernel never told what the scenarios should provoke: " + strings.Join(owed, ", "))
	}
})

// missingOf says how many specs a run lacks, empty if all passed.
func missingOf(report Report) string {
	count := map[claims.State]int{}
	for _, run := range suite.Runs(report) {
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
