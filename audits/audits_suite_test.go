package audits_test

import (
	"testing"

	"github.com/resetlab/resetlab/audits"
)

func TestAudits(t *testing.T) { audits.Run(t) }
