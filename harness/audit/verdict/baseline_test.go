package verdict_test

import (
	"testing"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

func TestTolerate(t *testing.T) {
	const cell = "P7/rst/once/write"
	for _, c := range []struct {
		name    string
		was, is verdict.Result
		bad     int
	}{
		{"as bad", result(cell, verdict.Duplicated), result(cell, verdict.Duplicated), 0},
		{"less bad", result(cell, verdict.Duplicated), result(cell, verdict.Hung), 0},
		{"worse", result(cell, verdict.Hung), result(cell, verdict.Duplicated), 1},
		{"good now", result(cell, verdict.Duplicated), result(cell, verdict.Surfaced), 0},
		{"bad now", result(cell, verdict.Surfaced), result(cell, verdict.Duplicated), 1},
		{"nothing was proved", result(cell, verdict.Broken), result(cell, verdict.Duplicated), 1},
		{"another cell", result("P8/rst/once/write", verdict.Duplicated), result(cell, verdict.Duplicated), 1},
		{"leaks now", result(cell, verdict.Duplicated), result(cell, verdict.Duplicated, verdict.LeakFD), 1},
		{"leaks the same", result(cell, verdict.Surfaced, verdict.LeakFD), result(cell, verdict.Surfaced, verdict.LeakFD), 0},
		{"leaks something else", result(cell, verdict.Surfaced, verdict.LeakFD), result(cell, verdict.Surfaced, verdict.LeakGoroutine), 1},
	} {
		earlier := &verdict.Report{Protocol: "http", Cells: []verdict.Result{c.was}}
		now := &verdict.Report{Protocol: "http", Cells: []verdict.Result{c.is}}
		if err := now.Tolerate(earlier); err != nil {
			t.Fatal(err)
		}
		if got := len(now.Bad()); got != c.bad {
			t.Errorf("%s: %d bad, want %d", c.name, got, c.bad)
		}
	}
	if err := (&verdict.Report{Protocol: "http"}).Tolerate(&verdict.Report{Protocol: "redis"}); err == nil {
		t.Error("a baseline of another protocol is taken")
	}
}
