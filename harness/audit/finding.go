package audit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A finding is an outcome and what decided it.
type finding struct {
	outcome verdict.Outcome
	reason  string
}

func found(outcome verdict.Outcome, format string, args ...any) finding {
	return finding{outcome, fmt.Sprintf(format, args...)}
}

// weight says which findings hide others: bad ones the rest, and weak ones, part
// of the data, or data that nobody has checked, that all went well.
func (f finding) weight() int {
	switch {
	case f.outcome.Bad():
		return 2
	case f.outcome.Weak(), f.outcome == verdict.TruncatedUndetectable, f.outcome == verdict.Unchecked:
		return 1
	}
	return 0
}

// verdictOf makes a verdict of findings, of which there is at least one.
func verdictOf(findings ...finding) verdict.Verdict {
	heaviest, order := 0, verdict.Outcomes()
	for _, f := range findings {
		heaviest = max(heaviest, f.weight())
	}
	findings = slices.DeleteFunc(findings, func(f finding) bool { return f.weight() < heaviest })
	slices.SortStableFunc(findings, func(a, b finding) int {
		return slices.Index(order, b.outcome) - slices.Index(order, a.outcome)
	})
	v := verdict.Verdict{Hygiene: []verdict.Hygiene{verdict.Clean}}
	var reasons []string
	for _, f := range findings {
		v.Outcomes, reasons = append(v.Outcomes, f.outcome), append(reasons, f.reason)
	}
	v.Reason = strings.Join(reasons, "; ")
	return v
}
