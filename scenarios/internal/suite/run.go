package suite

import (
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/scenarios/claims"
)

// What Ginkgo calls the suites.
const (
	Scenarios = "ResetLab scenarios"
	Real      = "ResetLab real programs"
)

// RecordingsVariable is the environment variable that names the directory
// where the specs put a recording of each of their labs, one file each, by
// name in the order of recording. Without it a recording is shown where a spec
// fails, and kept nowhere.
const RecordingsVariable = "RESETLAB_RECORDINGS"

// FocusOn is the expression that chooses the spec with this text of the suite
// of that name, and no other. Ginkgo matches it with both.
func FocusOn(name, text string) string { return "^" + regexp.QuoteMeta(name+" "+text) + "$" }

// Again is the command that runs a spec once more, for a shell in the directory
// of the project.
func Again(spec types.SpecReport) string {
	name, path := Scenarios, "./scenarios"
	if len(claims.Programs(spec.Labels())) > 0 {
		name, path = Real, "./scenarios/real"
	}
	focus := FocusOn(name, spec.FullText())
	return "go tool ginkgo --focus='" + strings.ReplaceAll(focus, "'", `'\''`) + "' " + path
}

// Run runs the specs of this binary as the suite of that name, as configured by
// args, which are those of RunSpecs, and says whether they passed. Ginkgo allows
// it once in a process.
func Run(t GinkgoTestingT, name string, args ...any) bool {
	RegisterFailHandler(Fail)
	_, reporting := GinkgoConfiguration()
	configured := slices.IndexFunc(args, func(arg any) bool { _, ok := arg.(types.ReporterConfig); return ok })
	if configured >= 0 {
		reporting = args[configured].(types.ReporterConfig)
		args = slices.Delete(slices.Clone(args), configured, configured+1)
	}
	return RunSpecs(t, name, append(slices.Clone(args), reportChosen(reporting))...)
}
