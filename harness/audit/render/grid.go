package render

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A column of a matrix is a repetition of an operation.
type column struct {
	repeat    point.Repeat
	operation point.Operation
}

// columnsOf returns the columns of reports, in order.
func columnsOf(reports ...*verdict.Report) []column {
	var list []column
	for _, r := range reports {
		for _, c := range r.Cells {
			if k := (column{c.Repeat, c.Operation}); !slices.Contains(list, k) {
				list = append(list, k)
			}
		}
	}
	slices.SortFunc(list, func(a, b column) int {
		return cmp.Or(cmp.Compare(repeatOrder(a.repeat), repeatOrder(b.repeat)), compareOperations(a.operation, b.operation))
	})
	return list
}

// A group is the rows of a place.
type group struct {
	place  string
	says   string
	faults []point.Fault
}

// groupsOf returns the places of reports, in the order of a conversation.
func groupsOf(reports ...*verdict.Report) []group {
	var list []group
	for _, id := range placesOf(reports...) {
		g := group{place: id}
		for _, r := range reports {
			if g.says == "" {
				g.says = says(r, id)
			}
			for _, c := range r.Cells {
				if c.Place == id && !slices.Contains(g.faults, c.Fault) {
					g.faults = append(g.faults, c.Fault)
				}
			}
		}
		slices.SortFunc(g.faults, compareFaults)
		list = append(list, g)
	}
	return list
}

// placesOf returns the places that reports have cells at. Each report has its
// own in order, but not each has every place.
func placesOf(reports ...*verdict.Report) []string {
	var order []string
	for _, r := range reports {
		at := 0
		for _, c := range r.Cells {
			if i := slices.Index(order, c.Place); i >= 0 {
				at = i + 1
				continue
			}
			order = slices.Insert(order, at, c.Place)
			at++
		}
	}
	slices.SortStableFunc(order, func(a, b string) int {
		pa, na := numbered(a)
		pb, nb := numbered(b)
		return cmp.Or(cmp.Compare(pa, pb), cmp.Compare(na, nb))
	})
	return order
}

// numbered takes the name of a place apart: what it begins with and its number.
// Points come before bytes.
func numbered(place string) (kind string, number int64) {
	if toward, at, ok := strings.Cut(place, "@"); ok {
		number, _ = strconv.ParseInt(at, 10, 64)
		return "byte " + toward, number
	}
	head, _, _ := strings.Cut(place, ".")
	number, _ = strconv.ParseInt(strings.TrimPrefix(head, "P"), 10, 64)
	return "P", number
}

func repeatOrder(r point.Repeat) int {
	switch r {
	case point.Once:
		return 1
	case point.Always:
		return 1 << 20
	case point.Backend:
		return 1<<20 + 1
	}
	n, _ := strconv.Atoi(strings.TrimSuffix(string(r), "x"))
	return n
}

func compareOperations(a, b point.Operation) int {
	return cmp.Compare(slices.Index(point.Operations(), a), slices.Index(point.Operations(), b))
}

func compareFaults(a, b point.Fault) int {
	return cmp.Compare(slices.Index(point.Faults(), a), slices.Index(point.Faults(), b))
}

// at returns the result of a report at a place of the grid.
func at(r *verdict.Report, place string, fault point.Fault, c column) (verdict.Result, bool) {
	return r.Cell(point.Cell{Place: place, Fault: fault, Repeat: c.repeat, Operation: c.operation}.ID())
}
