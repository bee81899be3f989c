package audit

import (
	"fmt"
	"slices"
	"strings"
)

// untried says what an audit leaves out by default, so that nobody takes "0 bad"
// for more than was tried. Who has named cells or patterns knows.
func (s Subject) untried(o Options) (list []string) {
	if len(o.Cells)+len(o.Only) > 0 {
		return nil
	}
	if s.Remote != nil {
		return []string{"any byte behind the first in each direction (--cell client@17/rst/always/write)"}
	}
	places := s.protocol().Places()
	if !slices.ContainsFunc(places, behindFirstByte) {
		list = append(list, "any byte behind the first (--sweep cuts at each)")
	}
	var tried, can []Fault
	for _, p := range places {
		if !(p.Primed || p.Idle) || s.Pooled {
			tried = append(tried, faultsAt(p, s, o.Faults)...)
			can = append(can, faultsAt(p, s, Faults())...)
		}
	}
	left := slices.DeleteFunc(Faults(), func(f Fault) bool {
		return !slices.Contains(can, f) || slices.Contains(tried, f) || possible(f) != nil
	})
	if len(left) > 0 && len(o.Faults) == 0 {
		list = append(list, "the faults "+words(left)+" (--faults)")
	}
	if slices.ContainsFunc(places, Place.behindReply) && slices.Contains(tried, RST) && !slices.Contains(tried, DataRST) {
		why := s.inexact(DataRST)
		list = append(list, fmt.Sprintf("a RST together with the data before it, apart from one after they were read: %v", why))
	}
	if !s.Pooled && slices.ContainsFunc(places, func(p Place) bool { return p.Primed || p.Idle }) {
		list = append(list, "connections that the client keeps for later calls (--session)")
	}
	return list
}

// behindFirstByte says whether a place is in a conversation, or at its end.
func behindFirstByte(p Place) bool {
	point, _, _ := strings.Cut(p.ID, ".")
	return !p.records && !slices.Contains([]string{"P0", "P1", "P2", "P4"}, point)
}
