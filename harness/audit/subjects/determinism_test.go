package subjects_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/subjects"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// TestTheSameVerdictsEveryTime runs the matrix of net/http again and again. A
// cell may differ only where the protocol says that the place is a race.
func TestTheSameVerdictsEveryTime(t *testing.T) {
	runs := 20
	if testing.Short() {
		runs = 3
	}
	s := subjects.HTTP("net/http", startHTTP(t), netHTTP)
	races := map[string]bool{}
	for _, p := range s.Protocol.Places() {
		races[p.ID] = p.Race
	}
	first := map[string]verdict.Result{}
	for range runs {
		report, err := audit.Run(t.Context(), s, audit.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range report.Cells {
			before, known := first[c.ID]
			if !known {
				first[c.ID] = c
			} else if before.Verdict.String() != c.Verdict.String() && !races[c.Place] {
				t.Errorf("%s: %s (%s), and once %s (%s)", c.ID, c.Verdict, c.Verdict.Reason, before.Verdict, before.Verdict.Reason)
			}
		}
	}
}

// TestTheSeedDecidesTheOrder runs cells one at a time.
func TestTheSeedDecidesTheOrder(t *testing.T) {
	s := subjects.HTTP("net/http", startHTTP(t), netHTTP)
	order := func(seed uint64) (ids []string) {
		o := audit.Options{Only: []string{"P7/*/*/*", "P11/*/*/*"}, Seed: seed, Parallel: 1}
		o.Progress = func(_, _ int, last verdict.Result) { ids = append(ids, last.ID) }
		report, err := audit.Run(t.Context(), s, o)
		if err != nil || report.Seed != seed {
			t.Fatalf("%v, %v", report, err)
		}
		if got := fmt.Sprint(ids); len(ids) != len(report.Cells) {
			t.Errorf("%s were run, %d are reported", got, len(report.Cells))
		}
		return ids
	}
	if a, b := order(1), order(1); !slices.Equal(a, b) {
		t.Errorf("the same seed gave %v and %v", a, b)
	}
	if a, b := order(1), order(2); slices.Equal(a, b) {
		t.Errorf("two seeds gave %v", a)
	}
}
