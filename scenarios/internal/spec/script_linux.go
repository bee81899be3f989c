package spec

import (
	"os"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/script/run"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/internal/suite"
)

// ComesOut runs the scripts of a situation of this binary, and expects of each
// that it comes out as it says. It is skipped where the machine runs none.
func ComesOut(ctx SpecContext, situation string) {
	GinkgoHelper()
	all := suite.Situations()
	at := slices.IndexFunc(all, func(s catalogue.Situation) bool { return s.Name == situation })
	Expect(at).To(BeNumerically(">=", 0), situation)
	scripts, err := script.Parse(all[at].Script)
	Expect(err).NotTo(HaveOccurred())
	runner, err := run.New(run.Options{Lanes: lanes, Evidence: true})
	Available(err)
	defer func() { Expect(runner.Close()).To(Succeed()) }()
	for _, s := range scripts {
		result, err := runner.Run(ctx, s)
		Expect(err).NotTo(HaveOccurred())
		Expect(result.Answer.Verdict()).To(Equal(script.Held), result.Answer.Text())
		result.Recording.Scenario = situation + ": " + s.Title
		_, of := suite.SpecOf(CurrentSpecReport())
		result.Recording.Spec = of.Name
		noteReasons(result.Recording)
		if directory := os.Getenv(suite.RecordingsVariable); directory != "" {
			Expect(store(result.Recording, directory)).To(Succeed())
		}
	}
}
