package render

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/resetlab/resetlab/harness/audit"
)

// A column of a matrix is a repetition of an operation.
type column struct {
	repeat    audit.Repeat
	operation audit.Operation
}

// columnsOf returns the columns of reports, in order.
func columnsOf(reports ...*audit.Report) []column {
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
	faults []audit.Fault
}

// groupsOf returns the places of reports, in the order of a conversation.
func groupsOf(reports ...*audit.Report) []group {
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
func placesOf(reports ...*audit.Report) []string {
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
		pa, na := point(a)
		pb, nb := point(b)
		return cmp.Or(cmp.Compare(pa, pb), cmp.Compare(na, nb))
	})
	return order
}

// point takes the name of a place apart: what it begins with and its number.
// Points come before bytes.
func point(place string) (kind string, number int64) {
	if toward, at, ok := strings.Cut(place, "@"); ok {
		number, _ = strconv.ParseInt(at, 10, 64)
		return "byte " + toward, number
	}
	head, _, _ := strings.Cut(place, ".")
	number, _ = strconv.ParseInt(strings.TrimPrefix(head, "P"), 10, 64)
	return "P", number
}

func repeatOrder(r audit.Repeat) int {
	switch r {
	case audit.Once:
		return 1
	case audit.Always:
		return 1 << 20
	case audit.Backend:
		return 1<<20 + 1
	}
	n, _ := strconv.Atoi(strings.TrimSuffix(string(r), "x"))
	return n
}

func compareOperations(a, b audit.Operation) int {
	return cmp.Compare(slices.Index(audit.Operations(), a), slices.Index(audit.Operations(), b))
}

func compareFaults(a, b audit.Fault) int {
	return cmp.Compare(slices.Index(audit.Faults(), a), slices.Index(audit.Faults(), b))
}

// at returns the result of a report at a place of the grid.
func at(r *audit.Report, place string, fault audit.Fault, c column) (audit.Result, bool) {
	return r.Cell(audit.Cell{Place: place, Fault: fault, Repeat: c.repeat, Operation: c.operation}.ID())
}
