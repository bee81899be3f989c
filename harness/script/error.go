package script

import (
	"fmt"
	"strings"
)

// An Error is what is wrong with a script, and where.
type Error struct {
	At      Position
	Problem string // in a phrase
	Hint    string // what may be meant, or how to write it; empty if there is no telling
	Source  string // the line of the text
}

// Error says it in one line: where, what, and what may be meant.
func (e *Error) Error() string {
	text := e.Problem
	if e.Hint != "" {
		text += ": " + e.Hint
	}
	if e.At == (Position{}) {
		return text
	}
	return fmt.Sprintf("line %d, column %d: %s", e.At.Line, e.At.Column, text)
}

// Show says it, and shows the place in the line below.
func (e *Error) Show() string {
	if e.Source == "" || e.At.Column < 1 {
		return e.Error()
	}
	source, column := window([]rune(e.Source), e.At.Column-1)
	return fmt.Sprintf("%s\n    %s\n    %s^", e.Error(), source, strings.Repeat(" ", column))
}

// window returns what of a long line is around a column, tabs made spaces, and
// where the column is in that.
func window(line []rune, column int) (string, int) {
	const width = 72
	from := 0
	if column > width-12 {
		from = column - (width - 12)
	}
	from = min(from, len(line))
	to := min(len(line), from+width)
	shown := strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		return r
	}, string(line[from:to]))
	return shown, column - from
}

// Errors is what is wrong with a script, at least one and in the order of the
// text; the first ten.
type Errors []*Error

// mostErrors is how many are told.
const mostErrors = 10

// Error says each in a line.
func (e Errors) Error() string {
	var lines []string
	for _, one := range e {
		lines = append(lines, one.Error())
	}
	return strings.Join(lines, "\n")
}

// Show says each, and shows where.
func (e Errors) Show() string {
	var parts []string
	for _, one := range e {
		parts = append(parts, one.Show())
	}
	return strings.Join(parts, "\n")
}

// nearest returns the one of names that may be meant by a mistyped one, or "".
func nearest(typed string, names []string) string {
	if typed == "" {
		return ""
	}
	best, least := "", 1+max(1, min(3, len(typed)/3))
	for _, name := range names {
		if d := distance(strings.ToLower(typed), strings.ToLower(name)); d < least {
			best, least = name, d
		}
	}
	if best != "" {
		return best
	}
	for _, name := range names {
		if len(typed) > 2 && strings.HasPrefix(name, typed) {
			return name
		}
	}
	return ""
}

// distance is how many bytes have to be put in, taken out, exchanged or swapped
// with their neighbour to make b of a.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

// list writes alternatives: "a, b or c".
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
