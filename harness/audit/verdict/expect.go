package verdict

import (
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/internal/expectations"
)

// An Expectation lists a deviation that is known, with the reason for it.
type Expectation struct {
	Cells    string   // a pattern of cells, as of path.Match
	Verdicts []string // one of them is expected: all outcomes and hygienes, with a comma between two
	Reason   string
	Line     int // of the file
}

// Expectations are the deviations that a client is known to have.
type Expectations []Expectation

// ParseExpectations reads expectations, one a line: a pattern of cells, the
// verdict, with | between several, and the reason. A verdict is all its words,
// in any order, with a comma between two. What follows a # at the beginning of
// a line is a comment. A pattern of rst is of data-rst and read-rst, too. The
// error names the line and what is wrong with it.
//
//	# cells             verdict           reason
//	P7/*/*/write        DUPLICATED        retries every method; ticket 42
//	P7/*/always/write   DUPLICATED,STORM  and never ceases
//	P4.race/*/*/*       RETRIED|SURFACED,POOL-POISONED  the pool is not emptied
func ParseExpectations(r io.Reader) (Expectations, error) {
	return expectations.Read(r, parseExpectation)
}

func parseExpectation(text string, line int) (e Expectation, err error) {
	e.Line = line
	fields := strings.Fields(text)
	if len(fields) < 3 {
		return e, fmt.Errorf("want CELLS VERDICT REASON, such as: P7/*/*/write DUPLICATED retries every method")
	}
	e.Cells, e.Verdicts, e.Reason = fields[0], strings.Split(fields[1], "|"), strings.Join(fields[2:], " ")
	if _, err := path.Match(e.Cells, ""); err != nil {
		return e, fmt.Errorf("pattern %q: %w", e.Cells, err)
	}
	if strings.Count(e.Cells, "/") != 3 {
		return e, fmt.Errorf("pattern %q: want PLACE/FAULT/REPEAT/OPERATION, each of which may be *", e.Cells)
	}
	for i, verdict := range e.Verdicts {
		if e.Verdicts[i], err = ordered(strings.Split(verdict, ",")); err != nil {
			return e, fmt.Errorf("verdict %q: %w", verdict, err)
		}
	}
	return e, nil
}

// ordered writes the words of a verdict as expectations are compared: the
// outcomes first.
func ordered(given []string) (string, error) {
	var outcomes, hygienes []string
	for _, w := range given {
		switch {
		case slices.Contains(Outcomes(), Outcome(w)):
			outcomes = append(outcomes, w)
		case slices.Contains(Hygienes(), Hygiene(w)):
			hygienes = append(hygienes, w)
		default:
			return "", fmt.Errorf("%q is neither an outcome nor a hygiene: allowed are %s; %s",
				w, point.Words(Outcomes()), point.Words(Hygienes()))
		}
	}
	if len(outcomes) == 0 {
		return "", fmt.Errorf("it has no outcome: allowed are %s", point.Words(Outcomes()))
	}
	slices.Sort(outcomes)
	slices.Sort(hygienes)
	return strings.Join(append(slices.Compact(outcomes), slices.Compact(hygienes)...), ","), nil
}

// String is the expectation as it stands in a file.
func (e Expectation) String() string {
	return fmt.Sprintf("%s %s %s", e.Cells, strings.Join(e.Verdicts, "|"), e.Reason)
}

// Concerns says whether the expectation is of the cell of this name. One of rst is
// of data-rst and read-rst, too.
func (e Expectation) Concerns(id string) bool { return point.Matches(e.Cells, id) }

// Lists says whether a verdict is one of the expected ones.
func (e Expectation) Lists(v Verdict) bool {
	text, err := ordered(strings.Fields(v.String()))
	return err == nil && slices.Contains(e.Verdicts, text)
}

// Apply enters the reasons into the results that were expected, and into
// Report.Unmet the expectations that no result of their cells met: a deviation
// that is gone should be listed no more. An expectation none of whose cells is
// in the report is one of them only if all says that the report has every cell
// that the expectations were written for. Cells at places of a race need not
// meet theirs.
func (e Expectations) Apply(r *Report, all bool) {
	race := map[string]bool{}
	for _, p := range r.Places {
		race[p.ID] = p.Race
	}
	for _, x := range e {
		met, concerned := false, false
		for i := range r.Cells {
			c := &r.Cells[i]
			if !x.Concerns(c.ID) {
				continue
			}
			concerned = true
			if x.Lists(c.Verdict) {
				met = true
				c.Expected = x.Reason
			}
			met = met || race[c.Place]
		}
		if !met && (concerned || all) {
			r.Unmet = append(r.Unmet, fmt.Sprintf("line %d: %s", x.Line, x))
		}
	}
}
