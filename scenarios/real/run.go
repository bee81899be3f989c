package real

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/scenarios/internal/suite"
)

// Run runs the specs of this binary, as configured by args, which are those of
// RunSpecs, and says whether they passed. Ginkgo allows it once in a process.
func Run(t GinkgoTestingT, args ...any) bool { return suite.Run(t, suite.Real, args...) }
