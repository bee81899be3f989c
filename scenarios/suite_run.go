package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	"github.com/resetlab/resetlab/scenarios/internal/suite"
)

// RecordingsVariable is the environment variable that names the directory
// where the specs put a recording of each of their labs, one file each, by
// name in the order of recording. Without it a recording is shown where a spec
// fails, and kept nowhere.
const RecordingsVariable = suite.RecordingsVariable

// Situations returns the situations of this binary, those with real programs
// if it has their package too, without their specs, which Ginkgo has. On another
// system some are missing.
func Situations() []catalogue.Situation { return suite.Situations() }

// SpecOf describes the spec that a report is of. The name is made of the labels
// or, if it is not to last, of the text.
func SpecOf(report types.SpecReport) (situation string, s catalogue.Spec) {
	return suite.SpecOf(report)
}

// Runs returns what became of every spec, with what those that passed observed.
func Runs(report Report) []claims.Run { return suite.Runs(report) }

// ProgramsOf returns the real programs of a spec with their versions, empty
// where they were not asked.
func ProgramsOf(report types.SpecReport) string { return suite.ProgramsOf(report) }

// FocusOn is the expression that chooses the spec with this text, and no other,
// of those that Run runs.
func FocusOn(text string) string { return suite.FocusOn(suite.Scenarios, text) }

// Run runs the specs of this binary, as configured by args, which are those of
// RunSpecs, and says whether they passed. Ginkgo allows it once in a process.
func Run(t GinkgoTestingT, args ...any) bool { return suite.Run(t, suite.Scenarios, args...) }
