package matchers_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/matchers"
)

func cell(id string, outcome audit.Outcome, hygiene ...audit.Hygiene) audit.Result {
	c, err := audit.ParseCell(id)
	if err != nil {
		panic(err)
	}
	if len(hygiene) == 0 {
		hygiene = []audit.Hygiene{audit.Clean}
	}
	return audit.Result{
		ID: id, Place: c.Place, Fault: c.Fault, Repeat: c.Repeat, Operation: c.Operation,
		Verdict: audit.Verdict{Outcomes: []audit.Outcome{outcome}, Hygiene: hygiene, Reason: "so it was"},
	}
}

func TestMatchersOfAudits(t *testing.T) {
	good := cell("P7/rst/once/write", audit.Surfaced)
	both := cell("P7/rst/always/write", audit.Duplicated)
	both.Verdict.Outcomes = append(both.Verdict.Outcomes, audit.Storm, audit.Hung)
	for _, c := range []struct {
		name    string
		matcher matchers.AuditMatcher
		cells   []audit.Result
		want    bool
		says    string
	}{
		{"no duplicate", matchers.NeverDuplicate(), []audit.Result{good, cell("P7/rst/once/read", audit.RetriedRead)}, true, ""},
		{"a duplicate", matchers.NeverDuplicate(), []audit.Result{good, cell("P7/fin/once/write", audit.Duplicated)}, false,
			"P7/fin/once/write DUPLICATED: so it was"},
		{"a duplicate and an error", matchers.NeverDuplicate(), []audit.Result{cell("P7/fin/once/write", audit.DuplicatedError)},
			false, "DUPLICATED+ERROR"},
		{"a duplicate in a storm", matchers.NeverDuplicate(), []audit.Result{good, both}, false, "DUPLICATED STORM HUNG: so it was"},
		{"hung in a storm", matchers.NeverHang(), []audit.Result{good, both}, false, "DUPLICATED STORM HUNG"},
		{"not lost in a storm", matchers.NeverLose(), []audit.Result{good, both}, true, ""},
		{"no write", matchers.NeverDuplicate(), []audit.Result{cell("P7/rst/once/read", audit.RetriedRead)}, false,
			"no cell that is about this"},
		{"no fault struck", matchers.NeverDuplicate(), []audit.Result{cell("P7/rst/once/write", audit.NotStruck)}, false,
			"NOT-STRUCK"},
		{"all truncated", matchers.NeverTruncate(), []audit.Result{cell("P10/fin/once/read", audit.TruncatedOK)}, false, "TRUNCATED-OK"},
		{"corrupted", matchers.NeverCorrupt(), []audit.Result{good, cell("P10/rst/once/read", audit.Corrupted)}, false, "CORRUPTED"},
		{"truncated is not corrupted", matchers.NeverCorrupt(), []audit.Result{cell("P10/rst/once/read", audit.TruncatedOK)}, true, ""},
		{"no way to know", matchers.NeverTruncate(), []audit.Result{cell("P10/fin/once/read", audit.TruncatedUndetectable)}, true, ""},
		{"lost", matchers.NeverLose(), []audit.Result{cell("P6/fin/once/read", audit.LostOK)}, false, "LOST-OK"},
		{"hung", matchers.NeverHang(), []audit.Result{good, cell("P6/stall/once/read", audit.Hung)}, false, "HUNG"},
		{"a leak", matchers.LeaveNothing(), []audit.Result{cell("P6/rst/once/read", audit.Surfaced, audit.LeakFD)}, false, "LEAK-FD"},
		{"clean", matchers.LeaveNothing(), []audit.Result{good}, true, ""},
		{"survives", matchers.SurviveResetsBeforeExecution(), []audit.Result{
			cell("P1/rst/once/read", audit.Retried), cell("P4.race/rst/once/write", audit.Deduped),
			cell("P5.head/rst/always/read", audit.Surfaced), cell("P6/fin/once/read", audit.Surfaced), good}, true, ""},
		{"gives up", matchers.SurviveResetsBeforeExecution(), []audit.Result{cell("P6/rst/once/write", audit.Surfaced)}, false, "SURFACED"},
		{"gives up writes", matchers.SurviveResetsBeforeExecution(audit.Read), []audit.Result{
			cell("P6/rst/once/write", audit.Surfaced), cell("P6/rst/once/read", audit.Unharmed)}, true, ""},
		{"cannot", matchers.SurviveResetsBeforeExecution(), []audit.Result{cell("P6/rst/once/write", audit.Unimplemented)}, false,
			"no cell that is about this"},
		{"bad", matchers.HaveNoBadVerdict(), []audit.Result{good, cell("P6/rst/once/write", audit.Storm)}, false, "STORM"},
		{"elsewhere", matchers.HaveNoBadVerdict().On("P7/*/*/*"), []audit.Result{good, cell("P6/rst/once/write", audit.Storm)}, true, ""},
		{"here", matchers.HaveNoBadVerdict().On("P6/*/*/*"), []audit.Result{good, cell("P6/rst/once/write", audit.Storm)}, false,
			"no bad verdict at P6/*/*/*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := &audit.Report{Subject: "client", Protocol: "lines", Cells: c.cells}
			got, err := c.matcher.Match(report)
			if err != nil || got != c.want {
				t.Errorf("%v, %v, want %v", got, err, c.want)
			}
			if text := c.matcher.FailureMessage(report); !got && !strings.Contains(text, c.says) {
				t.Errorf("it says %q, want %q in it", text, c.says)
			}
			if text := c.matcher.NegatedFailureMessage(report); !strings.Contains(text, "want anything but") {
				t.Errorf("negated it says %q", text)
			}
		})
	}
	for _, other := range []any{nil, 1, (*audit.Report)(nil), audit.Report{}} {
		if _, err := matchers.NeverHang().Match(other); err == nil {
			t.Errorf("%T was matched", other)
		}
	}
}
