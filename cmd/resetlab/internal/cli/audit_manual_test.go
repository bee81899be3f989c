package cli_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/audit/point"
)

func TestTheManualNamesEveryFault(t *testing.T) {
	manual, _ := start(t, "audit", "--help").end()
	for _, fault := range point.Faults() {
		if !strings.Contains(manual, "\n    "+string(fault)+" ") {
			t.Errorf("%s is not in\n%s", fault, manual)
		}
	}
}
