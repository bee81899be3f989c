package audit_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// TestEachPlaceIsStruckBeforeOneIsStruckAgain where the time is bounded.
func TestEachPlaceIsStruckBeforeOneIsStruckAgain(t *testing.T) {
	s := subject(t, func() audit.Client { return &planted{exchange: ask} })
	var order []point.Cell
	report, err := audit.Run(t.Context(), s, audit.Options{Parallel: 1, Within: time.Hour, Progress: func(_, _ int, last verdict.Result) {
		order = append(order, point.Cell{Place: last.Place, Fault: last.Fault, Repeat: last.Repeat, Operation: last.Operation})
	}})
	if err != nil || report.Left != 0 {
		t.Fatalf("%d cells are left, %v", report.Left, err)
	}
	var places []string
	for _, c := range order[:len(report.Places)] {
		if slices.Contains(places, c.Place) {
			t.Errorf("%s is struck again before %d of %d places were", c.ID(), len(places), len(report.Places))
		}
		places = append(places, c.Place)
		if c.Fault == point.RST && (c.Repeat != point.Once || c.Operation != point.Write) {
			t.Errorf("the first at %s is %s", c.Place, c.ID())
		}
	}
}

// TestTimeIsOver: what was begun is finished, and how much is left is said.
func TestTimeIsOver(t *testing.T) {
	s := subject(t, func() audit.Client { return &planted{exchange: ask} })
	within := 50 * time.Millisecond
	var report *verdict.Report
	for err := error(nil); report == nil; within *= 2 { // until the rehearsal fits
		report, err = audit.Run(t.Context(), s, audit.Options{Parallel: 1, Within: within, Progress: func(int, int, verdict.Result) {
			over, cancel := context.WithTimeout(t.Context(), within) // it began later than the audit
			defer cancel()
			<-over.Done()
		}})
		if err != nil && !strings.Contains(err.Error(), "no cell could be begun within") {
			t.Fatal(err)
		}
	}
	all, err := audit.Matrix(s, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Cells) == 0 || len(report.Cells)+report.Left != len(all) || report.Left == 0 {
		t.Errorf("%d cells were run and %d are left of %d", len(report.Cells), report.Left, len(all))
	}
}
