package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// A Report is the result of an audit.
type Report struct {
	Version  int           `json:"version"` // of this format: see [ReportVersion]
	Subject  string        `json:"subject"`
	Protocol string        `json:"protocol"`
	Seed     uint64        `json:"seed"`             // of the order in which the cells were run
	Shard    int           `json:"shard,omitempty"`  // which part of the matrix this is, from 1; 0 is all of it
	Shards   int           `json:"shards,omitempty"` // of how many
	Started  time.Time     `json:"started"`
	Duration time.Duration `json:"duration"`          // nanoseconds
	Cells    []Result      `json:"cells"`             // by the order of the matrix, whatever order they ran in
	Places   []PlaceNote   `json:"places"`            // those that the cells are at
	Untried  []string      `json:"untried,omitempty"` // what "0 bad" says nothing of, though one might think so
	Stopped  string        `json:"stopped,omitempty"` // why cells are missing, if some are
	Unmet    []string      `json:"unmet,omitempty"`   // expectations of deviations that did not occur
}

// ReportVersion is the version of the format that this package writes. In
// version 1 a verdict had one outcome, where it has now all that apply.
const ReportVersion = 2

// A PlaceNote tells readers of a report what a place is.
type PlaceNote struct {
	ID   string `json:"id"`
	Says string `json:"says"`
	Race bool   `json:"race,omitempty"`
}

// A Result is what became of one cell.
type Result struct {
	ID        string    `json:"id"`
	Place     string    `json:"place"`
	Fault     Fault     `json:"fault"`
	Repeat    Repeat    `json:"repeat"`
	Operation Operation `json:"operation"`

	Verdict   Verdict        `json:"verdict"`
	Strikes   int            `json:"strikes"`
	Executed  int            `json:"executed"` // -1: not known
	Discarded int            `json:"discarded,omitempty"`
	Attempts  []Attempt      `json:"attempts"`
	Elsewhere int            `json:"elsewhere,omitempty"` // connections to the healthy address
	Ending    harness.Ending `json:"ending,omitempty"`    // what the client's error says
	Silent    bool           `json:"silent,omitempty"`    // the client did not come back, or the audit ended its call
	Untold    bool           `json:"untold,omitempty"`    // of an error: the client does not tell its class
	Chain     []string       `json:"chain,omitempty"`     // the error and those it wraps, outermost first
	Got       int            `json:"got"`                 // bytes that the client returned; -1: it does not tell
	Want      int            `json:"want"`                // bytes of the complete reply; -1: not known
	FollowUp  string         `json:"follow_up,omitempty"` // what was wrong with the call afterwards
	Cut       *CutBytes      `json:"cut,omitempty"`
	Duration  time.Duration  `json:"duration"` // nanoseconds
	// First is the verdict of the cell's first run, if it was run again alone:
	// that proved nothing, or the machine did not run the audit meanwhile. Nil
	// means that the first run counts.
	First *Verdict `json:"first,omitempty"`

	starvedFor time.Duration // for how long the machine did not run the audit meanwhile

	// Known is what a client with a bad verdict could have known from its
	// connections and did not use, in a sentence.
	Known string `json:"known,omitempty"`
	// Card is what was on the wire and why the kernel reset, as plain text, with
	// what the client said, and Known; empty if the cell was not recorded.
	Card string `json:"card,omitempty"`
	// Trace is what the client's system calls tell; nil if they were not looked at:
	// see Options.Tracer.
	Trace *Trace `json:"trace,omitempty"`
	// Expected is why this verdict was expected though it is bad or weak; see
	// [Expectations].
	Expected string `json:"expected,omitempty"`
}

// describe enters what the client said.
func (r *Result) describe(o observation) {
	r.Got, r.Want = len(o.answer.Body), len(o.want)
	if o.answer.Body == nil {
		r.Got = -1
	}
	if o.want == nil {
		r.Want = -1
	}
	r.Silent = !o.returned || o.stopped()
	if o.answer.Err != nil {
		r.Untold = o.answer.Opaque && o.answer.Ending == ""
		r.Chain = chain(o.answer.Err)
		if !r.Untold {
			r.Ending = o.answer.ending()
		}
	}
}

// Said is what the client said of the call: the text of its error, "success", or
// "nothing".
func (r Result) Said() string {
	switch {
	case r.Silent, r.Verdict.Has(Hung, Informational):
		return "nothing"
	case len(r.Chain) == 0:
		return "success"
	}
	_, text, _ := strings.Cut(r.Chain[0], ": ") // behind its type
	return text
}

// under adds to a card what the client said, and what it could have known.
func (r Result) under(card string) string {
	if card == "" {
		return ""
	}
	card += folded(" the client said: " + r.Said())
	if r.Known != "" {
		card += folded(" it could have known: " + r.Known)
	}
	return card
}

// folded breaks text into lines that are no wider than a card.
func folded(text string) string {
	const width = 78
	var lines strings.Builder
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len([]rune(line+" "+word)) >= width {
			lines.WriteString(" " + line + "\n")
			line = "   " + word
			continue
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return lines.String() + " " + line + "\n"
}

// maxChain bounds how many errors of a chain are kept.
const maxChain = 16

// chain lists an error and those it wraps, with their types.
func chain(err error) []string {
	var list []string
	for todo := []error{err}; len(todo) > 0 && len(list) < maxChain; {
		err, todo = todo[0], todo[1:]
		list = append(list, fmt.Sprintf("%T: %v", err, err))
		if next := errors.Unwrap(err); next != nil {
			todo = append(todo, next)
		} else if joined, ok := err.(interface{ Unwrap() []error }); ok {
			todo = append(todo, joined.Unwrap()...)
		}
	}
	return list
}

// withHygiene adds what was found to a verdict.
func withHygiene(v Verdict, h Hygiene) Verdict {
	found := slices.DeleteFunc(slices.Clone(v.Hygiene), func(x Hygiene) bool { return x == Clean || x == h })
	v.Hygiene = append(found, h)
	return v
}

// Cell returns the result of the cell with this id.
func (r *Report) Cell(id string) (Result, bool) {
	i := slices.IndexFunc(r.Cells, func(c Result) bool { return c.ID == id })
	if i < 0 {
		return Result{}, false
	}
	return r.Cells[i], true
}

// Bad returns the cells with a bad verdict that was not expected.
func (r *Report) Bad() []Result {
	var list []Result
	for _, c := range r.Cells {
		if c.Verdict.Bad() && c.Expected == "" {
			list = append(list, c)
		}
	}
	return list
}

// Unproven returns the cells in which the audit proved nothing, and which were
// not expected to be such.
func (r *Report) Unproven() []Result {
	var list []Result
	for _, c := range r.Cells {
		if c.Verdict.Unproven() && c.Expected == "" {
			list = append(list, c)
		}
	}
	return list
}

// With returns the cells with one of these outcomes.
func (r *Report) With(outcomes ...Outcome) []Result {
	var list []Result
	for _, c := range r.Cells {
		if c.Verdict.Has(outcomes...) {
			list = append(list, c)
		}
	}
	return list
}

// String sums the report up in a line.
func (r *Report) String() string {
	count := map[Outcome]int{}
	var order []Outcome
	for _, c := range r.Cells {
		for _, o := range c.Verdict.Outcomes {
			if count[o]++; count[o] == 1 {
				order = append(order, o)
			}
		}
	}
	slices.Sort(order)
	var parts []string
	for _, o := range order {
		parts = append(parts, fmt.Sprintf("%d %s", count[o], o))
	}
	return fmt.Sprintf("%s, %s: %s: %s", r.Subject, r.Protocol, counted(len(r.Cells), "cell"), strings.Join(parts, ", "))
}
