package reasons

import (
	"fmt"
	"slices"
	"strings"
)

// A Sighting is a reason that the recording of a spec shows.
type Sighting struct {
	Reason string `json:"reason"`
	// Observed says that the kernel's tracepoint told it; otherwise it was
	// inferred from counters and the wire.
	Observed bool `json:"observed"`
	// Scenario is the situation that the spec is of: its file's name.
	Scenario string `json:"-"`
}

// String says what was seen, and whether the kernel said so.
func (s Sighting) String() string {
	if s.Observed {
		return s.Reason
	}
	return s.Reason + ", inferred"
}

// A Line is what became of a reason in one run.
type Line struct {
	Reason string
	// Observed are the scenarios in which the kernel told it, those that it
	// was told in most often first; Inferred those in which it was inferred.
	Observed, Inferred []string
	// Excuse says why no scenario provokes it; empty if one should.
	Excuse string
	// Missing says what of the run is missing, where a scenario that should
	// provoke it may be; empty if every spec passed.
	Missing string
}

// Owed says whether the kernel never told a reason that some scenario should
// have provoked. A run of which something is missing owes nothing.
func (l Line) Owed() bool { return len(l.Observed) == 0 && l.Excuse == "" && l.Missing == "" }

// Seen says whether any scenario of the run showed it.
func (l Line) Seen() bool { return len(l.Observed)+len(l.Inferred) > 0 }

// String is the reason's line in the table.
func (l Line) String() string {
	switch {
	case len(l.Observed) > 0:
		return fmt.Sprintf("reason %s · %s", l.Reason, list(l.Observed))
	case len(l.Inferred) > 0:
		return fmt.Sprintf("reason %s · inferred only, in %s", l.Reason, list(l.Inferred))
	case l.Excuse != "":
		return fmt.Sprintf("reason %s · %s", l.Reason, l.Excuse)
	case l.Missing != "":
		return fmt.Sprintf("reason %s · not seen: %s", l.Reason, l.Missing)
	}
	return fmt.Sprintf("reason %s · not provoked", l.Reason)
}

// list names the first three.
func list(scenarios []string) string {
	const most = 3
	if len(scenarios) <= most {
		return strings.Join(scenarios, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(scenarios[:most], ", "), len(scenarios)-most)
}

// Table returns a line for each reason that the running kernel has, in its
// order, and then for each other that was seen. Missing says what the run lacks,
// such as "2 specs failed"; it is empty if every spec passed.
func Table(kernel []string, seen []Sighting, missing string) []Line {
	names := slices.Clone(kernel)
	for _, s := range seen {
		if !slices.Contains(names, s.Reason) {
			names = append(names, s.Reason)
		}
	}
	var lines []Line
	for _, name := range names {
		lines = append(lines, Line{
			Reason: name, Excuse: excuse(name), Missing: missing,
			Observed: where(seen, name, true), Inferred: where(seen, name, false),
		})
	}
	return lines
}

// where returns the scenarios in which a reason was seen, by how often and then
// by name.
func where(seen []Sighting, reason string, observed bool) []string {
	times := map[string]int{}
	var scenarios []string
	for _, s := range seen {
		if s.Reason != reason || s.Observed != observed {
			continue
		}
		if times[s.Scenario]++; times[s.Scenario] == 1 {
			scenarios = append(scenarios, s.Scenario)
		}
	}
	slices.SortFunc(scenarios, func(a, b string) int {
		if times[a] != times[b] {
			return times[b] - times[a]
		}
		return strings.Compare(a, b)
	})
	return scenarios
}
