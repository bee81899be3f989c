package real_test

import (
	"testing"

	_ "github.com/onsi/ginkgo/v2" // by this import the ginkgo command knows a suite from plain tests
	"github.com/resetlab/resetlab/scenarios/real"
)

func TestReal(t *testing.T) { real.Run(t) }
