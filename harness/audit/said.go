package audit

import (
	"errors"
	"fmt"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// describe enters what the client said.
func describe(r *verdict.Result, o observation) {
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

// withSaid adds to a card what the client said, and what it could have known.
func withSaid(card string, r verdict.Result) string {
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
