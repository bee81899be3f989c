package scenarios

import (
	"regexp"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"
)

// Name is what Ginkgo calls the suite.
const Name = "ResetLab scenarios"

// FocusOn is the expression that chooses the spec with this text and no other.
// Ginkgo matches it with the name of the suite and the text.
func FocusOn(text string) string { return "^" + regexp.QuoteMeta(Name+" "+text) + "$" }

// Again is the command that runs the spec with this text once more, for a shell
// in the directory of the project.
func Again(text string) string {
	return "go tool ginkgo --focus='" + strings.ReplaceAll(FocusOn(text), "'", `'\''`) + "' ./scenarios"
}

// Run runs the specs, as configured by args, which are those of RunSpecs, and
// says whether they passed. Ginkgo allows it once in a process.
func Run(t GinkgoTestingT, args ...any) bool {
	RegisterFailHandler(Fail)
	_, reporting := GinkgoConfiguration()
	configured := slices.IndexFunc(args, func(arg any) bool { _, ok := arg.(types.ReporterConfig); return ok })
	if configured >= 0 {
		reporting = args[configured].(types.ReporterConfig)
		args = slices.Delete(slices.Clone(args), configured, configured+1)
	}
	return RunSpecs(t, Name, append(slices.Clone(args), reportChosen(reporting))...)
}
