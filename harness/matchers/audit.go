package matchers

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit"
)

// An AuditMatcher matches an [audit.Report] by the verdicts of its cells. Where
// no cell is about what is asked for, or a fault never struck, the report
// proves nothing and does not match.
type AuditMatcher struct {
	wants   string
	about   func(audit.Result) bool // the cells that it is about
	against func(audit.Result) bool // of those, the ones that speak against it
}

// NeverDuplicate matches a report in which no operation that does its work
// each time was executed more than once.
func NeverDuplicate() AuditMatcher {
	return AuditMatcher{
		wants:   "no write executed more than once",
		about:   func(c audit.Result) bool { return c.Operation == audit.Write },
		against: ended(audit.Duplicated, audit.DuplicatedError),
	}
}

// NeverTruncate matches a report in which the client never took part of the
// data for all of it, where the protocol lets it know.
func NeverTruncate() AuditMatcher {
	return AuditMatcher{wants: "no part of the data taken for all of it", about: every, against: ended(audit.TruncatedOK)}
}

// NeverCorrupt matches a report in which the client never took for the reply
// what the server did not send, such as one attempt's data behind another's.
func NeverCorrupt() AuditMatcher {
	return AuditMatcher{wants: "no data but what the server sent", about: every, against: ended(audit.Corrupted)}
}

// NeverLose matches a report in which the client never reported success for
// what was not executed.
func NeverLose() AuditMatcher {
	return AuditMatcher{wants: "no success for what was not executed", about: every, against: ended(audit.LostOK)}
}

// NeverHang matches a report in which every call came back.
func NeverHang() AuditMatcher {
	return AuditMatcher{wants: "a result of every call", about: every, against: ended(audit.Hung)}
}

// LeaveNothing matches a report in which the client left nothing behind, and
// its next call went well.
func LeaveNothing() AuditMatcher {
	return AuditMatcher{wants: "nothing left behind", about: every, against: func(c audit.Result) bool {
		return !slices.Equal(c.Verdict.Hygiene, []audit.Hygiene{audit.Clean})
	}}
}

// SurviveResetsBeforeExecution matches a report in which operations of these
// kinds, all if none is named, succeeded and were executed once though their
// first attempt was reset before the server had executed anything. A client
// cannot see that from the reset: for writes it takes an idempotency key, or the
// same repeat makes a duplicate when the reset comes later.
func SurviveResetsBeforeExecution(operations ...audit.Operation) AuditMatcher {
	before := []string{"P1", "P4", "P5", "P6"}
	return AuditMatcher{
		wants: "success after one RST before the execution",
		about: func(c audit.Result) bool {
			point, _, _ := strings.Cut(c.Place, ".")
			return c.Fault == audit.RST && c.Repeat == audit.Once && slices.Contains(before, point) &&
				(len(operations) == 0 || slices.Contains(operations, c.Operation))
		},
		against: func(c audit.Result) bool { return !c.Verdict.Has(audit.Unharmed, audit.Retried, audit.Deduped) },
	}
}

// HaveNoBadVerdict matches a report without a bad verdict that was not expected,
// and without a cell in which nothing was proved.
func HaveNoBadVerdict() AuditMatcher {
	return AuditMatcher{wants: "no bad verdict", about: every, against: func(c audit.Result) bool {
		return (c.Verdict.Bad() || c.Verdict.Unproven()) && c.Expected == ""
	}}
}

// On narrows the matcher to the cells that match a pattern, as of path.Match,
// such as P7/*/once/*.
func (m AuditMatcher) On(pattern string) AuditMatcher {
	about := m.about
	m.wants += " at " + pattern
	m.about = func(c audit.Result) bool {
		matched, _ := path.Match(pattern, c.ID)
		return matched && about(c)
	}
	return m
}

func every(audit.Result) bool { return true }

func ended(in ...audit.Outcome) func(audit.Result) bool {
	return func(c audit.Result) bool { return c.Verdict.Has(in...) }
}

// proofless are the outcomes of cells that prove nothing.
var proofless = ended(audit.NotStruck, audit.Broken)

// Match judges the cells; anything but an *audit.Report is an error.
func (m AuditMatcher) Match(actual any) (bool, error) {
	about, err := m.cells(actual)
	if err != nil {
		return false, err
	}
	return len(about) > 0 && !slices.ContainsFunc(about, m.fails), nil
}

func (m AuditMatcher) fails(c audit.Result) bool { return m.against(c) || proofless(c) }

// cells returns those that the matcher is about and that the client can do.
func (m AuditMatcher) cells(actual any) (about []audit.Result, err error) {
	report, ok := actual.(*audit.Report)
	if !ok || report == nil {
		return nil, fmt.Errorf("a matcher of audits matches an *audit.Report, not %T", actual)
	}
	for _, c := range report.Cells {
		if m.about(c) && !c.Verdict.Has(audit.Unimplemented) {
			about = append(about, c)
		}
	}
	return about, nil
}

// mostCells bounds how many cells a message lists.
const mostCells = 20

// FailureMessage names the cells that speak against it, and why.
func (m AuditMatcher) FailureMessage(actual any) string {
	about, err := m.cells(actual)
	if err != nil {
		return err.Error()
	}
	lines := []string{actual.(*audit.Report).String(), "  want  " + m.wants}
	if len(about) == 0 {
		return strings.Join(append(lines, "  got   no cell that is about this: the report proves nothing"), "\n")
	}
	failed := slices.DeleteFunc(slices.Clone(about), func(c audit.Result) bool { return !m.fails(c) })
	for _, c := range failed[:min(len(failed), mostCells)] {
		lines = append(lines, fmt.Sprintf("  got   %s %s: %s", c.ID, c.Verdict, c.Verdict.Reason))
	}
	if more := len(failed) - mostCells; more > 0 {
		lines = append(lines, fmt.Sprintf("        and %d more", more))
	}
	return strings.Join(lines, "\n")
}

// NegatedFailureMessage says what was not wanted.
func (m AuditMatcher) NegatedFailureMessage(actual any) string {
	about, err := m.cells(actual)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s\n  want anything but  %s\n  got it in all of %d cells", actual.(*audit.Report), m.wants, len(about))
}
