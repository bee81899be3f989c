package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/point"
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
	var tried, can []point.Fault
	for _, p := range places {
		if !(p.Primed || p.Idle) || s.Pooled {
			tried = append(tried, faultsAt(p, s, o.Faults)...)
			can = append(can, faultsAt(p, s, point.Faults())...)
		}
	}
	left := slices.DeleteFunc(point.Faults(), func(f point.Fault) bool {
		return !slices.Contains(can, f) || slices.Contains(tried, f) || possible(f) != nil
	})
	if len(left) > 0 && len(o.Faults) == 0 {
		list = append(list, "the faults "+point.Words(left)+" (--faults)")
	}
	if slices.ContainsFunc(places, behindReply) && slices.Contains(tried, point.RST) && !slices.Contains(tried, point.DataRST) {
		why := s.inexact(point.DataRST)
		list = append(list, fmt.Sprintf("a RST together with the data before it, apart from one after they were read: %v", why))
	}
	if !s.Pooled && slices.ContainsFunc(places, func(p point.Place) bool { return p.Primed || p.Idle }) {
		list = append(list, "connections that the client keeps for later calls (--session)")
	}
	return list
}

// behindFirstByte says whether a place is in a conversation, or at its end.
func behindFirstByte(p point.Place) bool {
	point, _, _ := strings.Cut(p.ID, ".")
	return !slices.Contains([]string{"P0", "P1", "P2", "P4"}, point)
}

// mostTelling is the order in which cells tell most of a client if it is broken
// off: every place is struck once before one is struck again, by a RST before
// other faults, once before always, and in a write before a read, since what is
// repeated does harm there. Cells that are alike in that keep their order.
func mostTelling(cells []point.Cell) []int {
	order := make([]int, len(cells))
	for i := range order {
		order[i] = i
	}
	rank := func(c point.Cell) int {
		operation := slices.Index([]point.Operation{point.Write, point.Idempotent, point.Read}, c.Operation)
		repeat := slices.Index([]point.Repeat{point.Once, point.Always}, c.Repeat)
		if repeat < 0 {
			repeat = 2
		}
		fault := slices.Index(point.Faults(), c.Fault)
		return (fault*3+repeat)*3 + operation
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(rank(cells[i]), rank(cells[j])) })
	turn, turns := map[string]int{}, make([]int, len(cells))
	for _, i := range order {
		turns[i] = turn[cells[i].Place]
		turn[cells[i].Place]++
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Or(cmp.Compare(turns[i], turns[j]), cmp.Compare(i, j)) })
	return order
}
