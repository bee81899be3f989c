package verdict_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

const deviations = `
# what the shop client is known for
P7/*/*/write     DUPLICATED        retries every method
P10/fin/once/*   HUNG|LATE,POOL-POISONED,LEAK-FD   ticket 42
`

func result(id string, outcome verdict.Outcome, hygiene ...verdict.Hygiene) verdict.Result {
	c, err := point.ParseCell(id)
	if err != nil {
		panic(err)
	}
	if len(hygiene) == 0 {
		hygiene = []verdict.Hygiene{verdict.Clean}
	}
	return verdict.Result{
		ID: id, Place: c.Place, Fault: c.Fault, Repeat: c.Repeat, Operation: c.Operation,
		Verdict: verdict.Verdict{Outcomes: []verdict.Outcome{outcome}, Hygiene: hygiene, Reason: "so it was"},
	}
}

func TestExpectations(t *testing.T) {
	list, err := verdict.ParseExpectations(strings.NewReader(deviations))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		cells     []verdict.Result
		all       bool
		bad       []string
		wantUnmet []string
	}{
		{"all as listed", []verdict.Result{
			result("P7/rst/once/write", verdict.Duplicated), result("P7/fin/once/write", verdict.Surfaced),
			result("P10/fin/once/read", verdict.Late, verdict.LeakFD, verdict.PoolPoisoned),
		}, true, nil, nil},
		{"an unlisted one", []verdict.Result{
			result("P7/rst/once/write", verdict.Duplicated), result("P7/rst/once/read", verdict.Hung),
			result("P10/fin/once/read", verdict.Late),
			result("P10/fin/once/write", verdict.Hung, verdict.PoolPoisoned),
		}, false, []string{"P7/rst/once/read", "P10/fin/once/write"},
			[]string{"line 4: P10/fin/once/* HUNG|LATE,LEAK-FD,POOL-POISONED ticket 42"}},
		{"one that is gone", []verdict.Result{result("P7/rst/once/write", verdict.Surfaced)}, false,
			nil, []string{"line 3: P7/*/*/write DUPLICATED retries every method"}},
		{"cells that are gone", []verdict.Result{result("P7/rst/once/write", verdict.Duplicated)}, true,
			nil, []string{"line 4: P10/fin/once/* HUNG|LATE,LEAK-FD,POOL-POISONED ticket 42"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &verdict.Report{Cells: c.cells}
			list.Apply(r, c.all)
			var bad []string
			for _, b := range r.Bad() {
				bad = append(bad, b.ID)
			}
			if !reflect.DeepEqual(bad, c.bad) || !reflect.DeepEqual(r.Unmet, c.wantUnmet) {
				t.Errorf("bad %q, unmet %q, want %q, %q", bad, r.Unmet, c.bad, c.wantUnmet)
			}
		})
	}
}

// TestAnExpectationOfRST: what was written of rst is of the cells that take its
// place, too, each on its own.
func TestAnExpectationOfRST(t *testing.T) {
	list, err := verdict.ParseExpectations(strings.NewReader("P10.*/rst/*/read TRUNCATED-OK it takes any end\nP9/data-rst/*/* HUNG it waits\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := &verdict.Report{Cells: []verdict.Result{
		result("P10.close/data-rst/once/read", verdict.TruncatedOK), result("P10.close/read-rst/once/read", verdict.Surfaced),
		result("P10.chunk/read-rst/once/read", verdict.Hung), result("P9/data-rst/once/read", verdict.Hung),
		result("P9/read-rst/once/read", verdict.Hung), result("P9/rst/once/read", verdict.Hung),
	}}
	list.Apply(r, true)
	var bad []string
	for _, c := range r.Bad() {
		bad = append(bad, c.ID)
	}
	want := []string{"P10.chunk/read-rst/once/read", "P9/read-rst/once/read", "P9/rst/once/read"}
	if !reflect.DeepEqual(bad, want) || len(r.Unmet) > 0 {
		t.Errorf("bad %q, unmet %q, want %q", bad, r.Unmet, want)
	}
}

func TestARaceNeedNotBeMet(t *testing.T) {
	list, err := verdict.ParseExpectations(strings.NewReader("P4.race/*/*/* HUNG now and then"))
	if err != nil {
		t.Fatal(err)
	}
	r := &verdict.Report{
		Cells:  []verdict.Result{result("P4.race/rst/once/write", verdict.Surfaced)},
		Places: []verdict.PlaceNote{{ID: "P4.race", Race: true}},
	}
	if list.Apply(r, true); len(r.Unmet) > 0 {
		t.Errorf("unmet: %q", r.Unmet)
	}
}

// TestAnExpectationHasEveryOutcome: one that lists some of the outcomes of a
// cell expects another verdict, and the order of the words is nothing to it.
func TestAnExpectationHasEveryOutcome(t *testing.T) {
	for listed, expected := range map[string]bool{
		"DUPLICATED,STORM": true, "STORM,DUPLICATED": true, "HUNG|STORM,DUPLICATED": true,
		"STORM": false, "DUPLICATED": false, "STORM,DUPLICATED,LOST-OK": false, "STORM,DUPLICATED,LEAK-FD": false,
	} {
		list, err := verdict.ParseExpectations(strings.NewReader("P7/*/*/* " + listed + " known"))
		if err != nil {
			t.Fatal(err)
		}
		cell := result("P7/rst/always/write", verdict.Duplicated)
		cell.Verdict.Outcomes = []verdict.Outcome{verdict.Duplicated, verdict.Storm}
		r := &verdict.Report{Cells: []verdict.Result{cell}}
		list.Apply(r, true)
		if got := len(r.Bad()) == 0; got != expected {
			t.Errorf("%s: a cell that is DUPLICATED STORM is expected: %v, want %v", listed, got, expected)
		}
	}
}

func TestParseExpectationsSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"P7/*/*/write DUPLICATED":                  "line 1: want CELLS VERDICT REASON",
		"\nP7/*/*/write DUPLICATE so it is":        `line 2: verdict "DUPLICATE": "DUPLICATE" is neither an outcome nor a hygiene: allowed are UNIMPLEMENTED`,
		"P7/*/*/write HUNG,LEAK so it is":          `verdict "HUNG,LEAK": "LEAK" is neither`,
		"P7/*/*/write HUNG, so it is":              `verdict "HUNG,": "" is neither`,
		"P7/*/*/write POOL-POISONED so it is":      "it has no outcome",
		"P7/[/*/write HUNG so it is":               "syntax error in pattern",
		"P7/rst HUNG so it is":                     "PLACE/FAULT/REPEAT/OPERATION",
		strings.Repeat("x", 10_000):                "more than 4096 bytes",
		strings.Repeat("*/*/*/* HUNG x\n", 10_001): "line 10001: more than 10000",
	} {
		if _, err := verdict.ParseExpectations(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want an error with %q", text, err, want)
		}
	}
}

// FuzzParseExpectations: what is read, reads the same when written.
func FuzzParseExpectations(f *testing.F) {
	f.Add(deviations)
	f.Add("P4.race/*/*/* RETRIED|SURFACED,POOL-POISONED  the pool")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := verdict.ParseExpectations(strings.NewReader(text))
		if err != nil {
			return
		}
		var lines []string
		for _, e := range list {
			lines = append(lines, e.String())
		}
		again, err := verdict.ParseExpectations(strings.NewReader(strings.Join(lines, "\n")))
		if err != nil || len(again) != len(list) {
			t.Fatalf("%q: %v, %d instead of %d", lines, err, len(again), len(list))
		}
		for i := range list {
			if again[i].String() != list[i].String() {
				t.Errorf("%q reads as %q", list[i], again[i])
			}
		}
	})
}
