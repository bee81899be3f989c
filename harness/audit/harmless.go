package audit

import (
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/point"
)

// harmlessAt returns the faults that are none and can be at a place: a reply can be
// split and can pause before and within it. One that comes byte by byte, or at once,
// does so as a whole: one place for each shape that replies have is enough, the first
// or the last.
func harmlessAt(p point.Place, s Subject) (list []point.Fault) {
	if p.Idle || p.Race || s.inHandshake(p.ID) {
		return nil
	}
	number, _, _ := strings.Cut(p.ID, ".")
	within := behindReply(p)
	if within && number != "P11" {
		list = append(list, point.Split)
	}
	if within && number != "P11" || slices.Contains([]string{"P3", "P7", "P13"}, number) {
		list = append(list, point.Pause)
	}
	if !within {
		return list
	}
	var alike []string
	for _, other := range s.protocol().Places() {
		if behindReply(other) && other.Shape == p.Shape && len(other.Fits) == 0 {
			alike = append(alike, other.ID)
		}
	}
	if alike[0] == p.ID {
		list = append(list, point.Bytes)
	}
	if alike[len(alike)-1] == p.ID {
		list = append(list, point.Joined)
	}
	return list
}

// goes says whether a fault has cells of that repetition. All faults have those that
// strike every attempt. Refuse has another for two addresses of which one is dead; it
// cannot strike once, for whoever tries again finds nobody there, too. A harmless
// fault has the others only where the user names repetitions (unsaid is false): it
// does the same to every attempt.
func goes(f point.Fault, r point.Repeat, unsaid bool) bool {
	switch {
	case r == point.Always:
		return true
	case f == point.Refuse:
		return r == point.Backend
	}
	return !unsaid || !f.Harmless()
}
