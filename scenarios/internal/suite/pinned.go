package suite

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/scenarios/claims"
)

// pinVariable is the environment variable that says what becomes of a change on
// a kernel that was not measured: with 1 it fails the run, as it does on those
// that were; otherwise it is news. With "write" the run pins what it found.
const pinVariable = "RESETLAB_PIN"

// pinnedOn is where the kernels are that verdicts were pinned on.
const pinnedOn = "testdata/pinned"

// reference is the kernel that one is compared with that was not measured.
const reference = "linux-6.18"

// ComparePinned compares every verdict of a run with what it was when it was
// measured on this kernel with this version of the program, and fails where it is
// another. What a version does that was not measured is news.
func ComparePinned(report Report) {
	if report.SuiteConfig.DryRun {
		return
	}
	found, running := claims.Pinned(Runs(report)), Kernel()
	path := filepath.Join(pinnedOn, running+".txt")
	text, err := os.ReadFile(path)
	if os.Getenv(pinVariable) == "write" {
		pin(path, string(text), report, found)
		return
	}
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
	changes, news := found.Changes(expected)
	for _, line := range append(changes, news...) {
		fmt.Printf("pinned · %s\n", line)
	}
	switch {
	case len(changes) > 0 && (measured || os.Getenv(pinVariable) == "1"):
		Fail(fmt.Sprintf("verdicts that are not what was measured: %d, the first: %s", len(changes), changes[0]))
	case !measured:
		fmt.Printf("pinned · %s was not measured: %d verdicts are news compared with %s\n", running, len(changes), reference)
	}
}

// pin writes down what a run found, which must be about all claims of the suite,
// beside what was found before with other versions of its programs.
func pin(path, before string, report Report, found claims.PinsBy) {
	if Filtered(report) {
		Fail(path + ": pin what a whole run finds, and not a part of it")
	}
	table := claims.Tabulate(Runs(report))
	for _, c := range claims.All() {
		for _, verdict := range table.Shown(c.ID) {
			if !verdict.Judged() {
				Fail(fmt.Sprintf("%s: pin what a whole run finds, as root, and not: %v", path, verdict))
			}
		}
	}
	all, err := claims.ParsePins(before)
	if err != nil {
		Fail(path + ": " + err.Error())
	}
	maps.Copy(all, found)
	target := "scenarios"
	if report.SuiteDescription == Real {
		target = "real"
	}
	text := "# What was found about the claims on this kernel. RESETLAB_PIN=write make " + target + "\n" +
		"# writes it; read the difference before you keep it.\n" + all.String()
	if err := os.MkdirAll(pinnedOn, 0o755); err != nil {
		Fail("pin the verdicts: " + err.Error())
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		Fail("pin the verdicts: " + err.Error())
	}
}
