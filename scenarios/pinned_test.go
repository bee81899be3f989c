package scenarios_test

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/scenarios/internal/suite"
)

// The verdicts themselves are computed: this is what tells that a document's
// statement holds no more, or a spec sees something else.
var _ = ReportAfterSuite("the pinned verdicts", suite.ComparePinned)
