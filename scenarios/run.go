package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// Name is what Ginkgo calls the suite.
const Name = "ResetLab scenarios"

// Run runs the specs, as configured by args, which are those of RunSpecs, and
// says whether they passed. Ginkgo allows it once in a process.
func Run(t GinkgoTestingT, args ...any) bool {
	RegisterFailHandler(Fail)
	return RunSpecs(t, Name, args...)
}
