package verdict

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
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
	Left     int           `json:"left,omitempty"`    // cells that were not begun for want of time; 0: none
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
	ID        string          `json:"id"`
	Place     string          `json:"place"`
	Fault     point.Fault     `json:"fault"`
	Repeat    point.Repeat    `json:"repeat"`
	Operation point.Operation `json:"operation"`

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

	// Known is what a client with a bad verdict could have known from its
	// connections and did not use, in a sentence.
	Known string `json:"known,omitempty"`
	// Card is what was on the wire and why the kernel reset, as plain text, with
	// what the client said, and Known; empty if the cell was not recorded.
	Card string `json:"card,omitempty"`
	// Trace is what the client's system calls tell; nil if they were not looked at:
	// see audit.Options.
	Trace *Trace `json:"trace,omitempty"`
	// Expected is why this verdict was expected though it is bad or weak; see
	// [Expectations].
	Expected string `json:"expected,omitempty"`
}

// An Attempt is one request of a client, or a connection that never carried one.
type Attempt struct {
	At         time.Duration `json:"at"`         // since the call began, in nanoseconds of which this process was run
	Connection int           `json:"connection"` // counted from 1 in the cell
	ToServer   int64         `json:"to_server"`  // bytes of it passed to the server
	ToClient   int64         `json:"to_client"`  // bytes passed back
	Struck     bool          `json:"struck"`
}

// CutBytes are the bytes around the first strike, in the direction in which
// it was due.
type CutBytes struct {
	Toward harness.End `json:"toward"`
	Before []byte      `json:"before"` // the last that passed
	After  []byte      `json:"after"`  // the first that were withheld
}

// A Trace is what the client's system calls tell of a cell, which was run once
// more for it, alone.
type Trace struct {
	// Says is what the client was told by its calls and what became of it, in a
	// sentence; or why that is not known.
	Says string `json:"says"`
	// Calls are those on the connection that was struck last, around the strike.
	Calls []TracedCall `json:"calls,omitempty"`
	// Left is how many calls on that connection are left out, for want of room.
	Left int `json:"left,omitempty"`
	// Otherwise is the verdict of the run that was traced, if that is another than
	// the cell's: programs are slower below strace. Then Says and Calls are of that
	// run, and need not hold for the other. Nil means that they agree.
	Otherwise *Verdict `json:"otherwise,omitempty"`
}

// A TracedCall is one system call.
type TracedCall struct {
	At   time.Duration `json:"at"`   // when it was made, since the strike, in nanoseconds; negative before it
	Took time.Duration `json:"took"` // until it returned; 0 if it did not
	PID  int           `json:"pid"`  // of the thread
	Text string        `json:"text"` // the call with its result, as strace(1) writes it
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

// String sums the report up in a line.
func (r *Report) String() string {
	count := map[Outcome]int{}
	for _, c := range r.Cells {
		for _, o := range c.Verdict.Outcomes {
			count[o]++
		}
	}
	parts := []string{}
	for _, o := range slices.Sorted(maps.Keys(count)) {
		parts = append(parts, fmt.Sprintf("%d %s", count[o], o))
	}
	return fmt.Sprintf("%s, %s, of %d: %s", r.Subject, r.Protocol, len(r.Cells), strings.Join(parts, ", "))
}
