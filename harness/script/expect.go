package script

import (
	"slices"
	"strconv"
	"strings"
)

// An Expectation is what is expected of a line: one of Any; or, if Set has any,
// of a line about all threads of an end, a result each, in any order.
type Expectation struct {
	At  Position // of the first word behind the arrow
	Any []Pattern
	Set []Pattern
}

// A Pattern is what a result is compared with. Only what it names is compared.
type Pattern struct {
	Kind   Kind
	Count  int    // of Count and Full; of Then, if Of is Count
	Data   string // of Data
	Errno  Errno  // of Failed, and of Then if End is that
	Signal Signal // of Failed
	Events Events // all of them and no others
	Word   string // a state, a reason, a name
	Of     Kind   // of Then, how much was read: Count, All, Less or Some
	End    Kind   // of Then: EOF, Failed or Nothing
}

// How much of what the other end had written was read in all, in a [Pattern] of
// Then.
const (
	All  Kind = "all"
	Less Kind = "less"
)

// A Signal says whether a SIGPIPE is expected. The zero Signal is "either".
type Signal string

// The signals.
const (
	Either Signal = ""
	With   Signal = "SIGPIPE"
	Alone  Signal = "alone"
)

// Holds says whether the results of a line are as expected: one result, or of a
// line about all threads one for each.
func (e Expectation) Holds(results ...Result) bool {
	if len(e.Set) > 0 {
		return len(results) == len(e.Set) && assign(e.Set, results)
	}
	return len(results) == 1 && slices.ContainsFunc(e.Any, func(p Pattern) bool { return p.Matches(results[0]) })
}

// assign says whether each pattern can have a result of its own.
func assign(patterns []Pattern, results []Result) bool {
	takenBy := make([]int, len(results)) // which pattern has it, from 1
	for p := range patterns {
		if !augment(patterns, results, takenBy, p, make([]bool, len(results))) {
			return false
		}
	}
	return true
}

// augment finds a result for pattern p, giving others new ones where it must
// (an augmenting path of a bipartite matching).
func augment(patterns []Pattern, results []Result, takenBy []int, p int, seen []bool) bool {
	for r := range results {
		if seen[r] || !patterns[p].Matches(results[r]) {
			continue
		}
		seen[r] = true
		if takenBy[r] == 0 || augment(patterns, results, takenBy, takenBy[r]-1, seen) {
			takenBy[r] = p + 1
			return true
		}
	}
	return false
}

// Matches says whether a result is what the pattern names.
func (p Pattern) Matches(r Result) bool {
	bytes := r.Kind == Count || r.Kind == Data
	switch p.Kind {
	case Count:
		return bytes && r.Count == p.Count
	case Data:
		return r.Kind == Data && r.Data == p.Data
	case Some:
		return bytes && r.Count > 0
	case Partial:
		return bytes && r.Count > 0 && r.Count < r.Asked
	case Failed:
		return r.Kind == Failed && r.Errno == p.Errno &&
			(p.Signal == Either || r.SIGPIPE == (p.Signal == With))
	case Happens:
		return r.Kind == Happens && r.Events == p.Events
	case InState, Word:
		return r.Kind == p.Kind && r.Word == p.Word
	case Then:
		return r.Kind == Then && r.End == p.End && r.Errno == p.Errno && p.amount(r)
	}
	return r.Kind == p.Kind
}

// amount compares how much was read before the end.
func (p Pattern) amount(r Result) bool {
	if r.Of != "" {
		return r.Of == p.Of
	}
	switch p.Of {
	case All:
		return r.Read == r.Written
	case Less:
		return r.Read < r.Written
	case Some:
		return r.Count > 0
	}
	return r.Count == p.Count
}

// String writes the pattern as scripts do.
func (p Pattern) String() string {
	switch p.Kind {
	case Count:
		return strconv.Itoa(p.Count)
	case Data:
		return quote(p.Data)
	case Failed:
		return strings.TrimSpace(string(p.Errno) + " " + string(p.Signal))
	case Happens:
		return p.Events.String()
	case InState, Word:
		return p.Word
	case Then:
		amount, end := string(p.Of), string(p.End)
		if p.Of == Count {
			amount = strconv.Itoa(p.Count)
		}
		if p.End == Failed {
			end = string(p.Errno)
		}
		return amount + " then " + end
	}
	return string(p.Kind)
}

// String writes the expectation as scripts do, without the arrow.
func (e Expectation) String() string {
	patterns, before, between, behind := e.Any, "", " or ", ""
	if len(e.Set) > 0 {
		patterns, before, between, behind = e.Set, "{", ", ", "}"
	}
	var all []string
	for _, p := range patterns {
		all = append(all, p.String())
	}
	return before + strings.Join(all, between) + behind
}
