package agent

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/point"
)

// Uncounted is the error of a survey in which the agent reported success for
// operations, and the origin said that it executed nothing. Some origins count
// writes only.
type Uncounted struct {
	Operations []point.Operation // those that were not counted
	Counted    []point.Operation // those that were, if some were
	Nameless   bool              // nor did their requests contain the call's id
}

// Error says so.
func (u *Uncounted) Error() string {
	text := plainWords(u.Operations) + ": the agent reports success, and the server says that it has executed nothing"
	if len(u.Counted) > 0 {
		text += fmt.Sprintf(", though it counts its %s", plainWords(u.Counted))
	}
	if u.Nameless {
		text += "; none of its requests contained the call's id"
	}
	return text
}

var errUncounted = errors.New("the server says that it has executed nothing")

func plainWords(operations []point.Operation) string {
	var words []string
	for _, o := range operations {
		words = append(words, string(o))
	}
	return strings.Join(words, ", ")
}

// writesFirst puts operations into the order in which they are tried: that a
// write is counted, and a read not, is then known.
func writesFirst(operations []point.Operation) []point.Operation {
	order := slices.Clone(operations)
	slices.SortStableFunc(order, func(a, b point.Operation) int {
		all := point.Operations()
		return slices.Index(all, b) - slices.Index(all, a)
	})
	return order
}
