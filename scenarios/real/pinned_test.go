package real_test

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/scenarios/internal/suite"
)

// The verdicts themselves are computed: this is what tells that a real program
// does something else than the version of it that was measured.
var _ = ReportAfterSuite("the pinned verdicts", suite.ComparePinned)
