package scenarios_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/scenarios"
	"github.com/resetlab/resetlab/scenarios/claims"
	"github.com/resetlab/resetlab/scenarios/internal/suite"
)

// pinVariable is the environment variable that says what becomes of a change on
// a kernel that was not measured: with 1 it fails the run, as it does on those
// that were; otherwise it is news. With "write" the run pins what it found.
const pinVariable = "RESETLAB_PIN"

// pinnedOn is where the kernels are that verdicts were pinned on.
const pinnedOn = "testdata/pinned"

// reference is the kernel that one is compared with that was not measured.
const reference = "linux-6.18"

// After the run every verdict is compared with what it was when it was measured
// on this kernel. The verdicts themselves are computed: this is what tells that
// a document's statement holds no more, or a spec sees something else.
var _ = ReportAfterSuite("the pinned verdicts", func(report Report) {
	if report.SuiteConfig.DryRun {
		return
	}
	found, running := claims.Pinned(scenarios.Runs(report)), suite.Kernel()
	path := filepath.Join(pinnedOn, running+".txt")
	if os.Getenv(pinVariable) == "write" {
		pin(path, found)
		return
	}
	text, err := os.ReadFile(path)
	measured := err == nil
	if !measured && strings.HasPrefix(running, "linux-") {
		text, err = os.ReadFile(filepath.Join(pinnedOn, reference+".txt"))
	}
	if err != nil && os.Getenv(pinVariable) == "1" {
		Fail("there is nothing to compare the verdicts with: " + err.Error())
	}
	if err != nil { // another system, of which nothing is known
		fmt.Printf("pinned · nothing was measured on %s that this run could be compared with\n", running)
		return
	}
	expected, err := claims.ParsePins(string(text))
	if err != nil {
		Fail("read the pinned verdicts: " + err.Error())
	}
	changes := found.Changes(expected)
	for _, change := range changes {
		fmt.Printf("pinned · %s\n", change)
	}
	switch {
	case len(changes) > 0 && (measured || os.Getenv(pinVariable) == "1"):
		Fail(fmt.Sprintf("verdicts that are not what was measured: %d, the first: %s", len(changes), changes[0]))
	case !measured:
		fmt.Printf("pinned · %s was not measured: %d of %d verdicts are news compared with %s\n",
			running, len(changes), len(found), reference)
	}
})

// pin writes down what a run found, which must be all claims.
func pin(path string, found claims.Pins) {
	if all := len(claims.All()); len(found) < all {
		Fail(fmt.Sprintf("%s: %d of %d claims were judged: pin what a whole run finds, as root", path, len(found), all))
	}
	text := "# What was found about the claims on this kernel. RESETLAB_PIN=write make scenarios\n" +
		"# writes it; read the difference before you keep it.\n" + found.String()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		Fail("pin the verdicts: " + err.Error())
	}
}
