package audits

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// The marks between which the table stands.
const begin, end = "<!-- begin: make audits -->\n", "<!-- end -->\n"

// replaceTable puts the table between the marks of a text.
func replaceTable(text, table string) (string, error) {
	before, rest, opened := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return "", errors.New("README.md has no marks for the table")
	}
	return before + begin + table + end + after, nil
}

// otherLines are the lines that only one of two texts has, a sign before each,
// except for what stands in columns of races: that may be something else each time.
func otherLines(text, measured string) (others []string) {
	was, is := strings.Split(withoutRaces(text), "\n"), strings.Split(withoutRaces(measured), "\n")
	for _, line := range was {
		if !slices.Contains(is, line) {
			others = append(others, "-"+line)
		}
	}
	for _, line := range is {
		if !slices.Contains(was, line) {
			others = append(others, "+"+line)
		}
	}
	return others
}

// withoutRaces empties the columns of a text's tables that a ~ marks.
func withoutRaces(text string) string {
	lines := strings.Split(text, "\n")
	var races []int // columns of the table at hand
	for i, line := range lines {
		cells := strings.Split(line, "|")
		if strings.HasPrefix(line, "| client |") {
			races = nil
			for column, name := range cells {
				if strings.HasSuffix(name, "~ ") {
					races = append(races, column)
				}
			}
			continue
		}
		for _, column := range races {
			if strings.HasPrefix(line, "|") && column < len(cells) {
				cells[column] = " "
			}
		}
		lines[i] = strings.Join(cells, "|")
	}
	return strings.Join(lines, "\n")
}

// table is a table a protocol, and what deviates, with the reasons.
func table(rows []row) string {
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.Report.Protocol, b.Report.Protocol), cmp.Compare(a.Name, b.Name))
	})
	var text strings.Builder
	for len(rows) > 0 {
		protocol := rows[0].Report.Protocol
		n := slices.IndexFunc(rows, func(r row) bool { return r.Report.Protocol != protocol })
		if n < 0 {
			n = len(rows)
		}
		fmt.Fprintf(&text, "\n### %s\n\n", protocol)
		ofProtocol(&text, rows[:n])
		rows = rows[n:]
	}
	return text.String() + "\n"
}

func ofProtocol(text *strings.Builder, rows []row) {
	var points []string
	for _, r := range rows {
		for _, p := range r.Report.Places {
			if name := column(p); !slices.Contains(points, name) {
				points = append(points, name)
			}
		}
	}
	fmt.Fprintf(text, "| client | | %s |\n|---|---|%s\n", strings.Join(points, " | "), strings.Repeat("---|", len(points)))
	for _, r := range rows {
		name := strings.TrimSpace(r.Name + " " + r.Version)
		for _, operation := range r.operations() {
			fmt.Fprintf(text, "| %s | %s |", name, operation)
			for _, p := range points {
				fmt.Fprintf(text, " %s |", r.at(p, operation))
			}
			text.WriteString("\n")
			name = ""
		}
	}
	text.WriteString("\n")
	for _, r := range rows {
		for _, x := range r.Expected {
			fmt.Fprintf(text, "- %s, `%s`: %s: %s\n", r.Name, x.Cells, strings.Join(x.Verdicts, " or "), x.Reason)
		}
	}
}

// column is that of a place: its fault point, and what is not the same
// every time in a column of its own.
func column(p verdict.PlaceNote) string {
	name, _, _ := strings.Cut(p.ID, ".")
	if name == "P4" {
		name = p.ID
	}
	if p.Race {
		name += " ~"
	}
	return name
}

func (r row) operations() (list []point.Operation) {
	for _, operation := range point.Operations() {
		if slices.ContainsFunc(r.Report.Cells, func(c verdict.Result) bool { return c.Operation == operation }) {
			list = append(list, operation)
		}
	}
	return list
}

// at sums up what the client made of the faults at a point: of those that
// struck once, and what was bad when they never ceased.
func (r row) at(name string, operation point.Operation) string {
	of := map[point.Fault][]verdict.Verdict{}
	for _, c := range r.Report.Cells {
		i := slices.IndexFunc(r.Report.Places, func(p verdict.PlaceNote) bool { return p.ID == c.Place })
		bad := c.Verdict.Bad()
		if column(r.Report.Places[i]) == name && c.Operation == operation && (c.Repeat == point.Once || bad || c.Fault == point.Refuse) {
			of[c.Fault] = append(of[c.Fault], r.either(c)...)
		}
	}
	var each []string
	same := true
	for _, fault := range point.Faults() {
		if words := shortly(of[fault]); words != "" {
			same = same && (len(each) == 0 || strings.HasSuffix(each[0], ": "+words))
			each = append(each, fmt.Sprintf("%s: %s", fault, words))
		}
	}
	if same && len(each) > 0 {
		_, words, _ := strings.Cut(each[0], ": ")
		return words
	}
	return strings.Join(each, "; ")
}

// either returns the verdict of a cell, or, where an expectation has several of
// which one is no deviation, all of those: which of them it is, is a race.
func (r row) either(c verdict.Result) []verdict.Verdict {
	for _, x := range r.Expected {
		several := slices.ContainsFunc(x.Verdicts, func(v string) bool { return short[verdict.Outcome(v)] == "error" })
		if !x.Concerns(c.ID) || !several || !x.Lists(c.Verdict) {
			continue
		}
		var list []verdict.Verdict
		for _, v := range x.Verdicts {
			list = append(list, expected(v))
		}
		return list
	}
	return []verdict.Verdict{c.Verdict}
}

// expected is what stands in an expectation.
func expected(text string) verdict.Verdict {
	v := verdict.Verdict{Hygiene: []verdict.Hygiene{verdict.Clean}}
	for word := range strings.SplitSeq(text, ",") {
		if slices.Contains(verdict.Outcomes(), verdict.Outcome(word)) {
			v.Outcomes = append(v.Outcomes, verdict.Outcome(word))
			continue
		}
		v.Hygiene = append(slices.DeleteFunc(v.Hygiene, func(h verdict.Hygiene) bool { return h == verdict.Clean }), verdict.Hygiene(word))
	}
	return v
}

// short are the words of the table for outcomes that are no bad ones.
var short = map[verdict.Outcome]string{
	verdict.Unharmed: "ok", verdict.Retried: "retried", verdict.RetriedRead: "repeated", verdict.Surfaced: "error",
	verdict.SurfacedMasked: "masked", verdict.Indeterminate: "unknown", verdict.TruncatedUndetectable: "cut short",
	verdict.Late: "late", verdict.Informational: "retrying", verdict.Unimplemented: "n/a", verdict.Deduped: "deduped", verdict.Unchecked: "unchecked",
}

// shortly is the distinct verdicts in the words of the table, the better first.
func shortly(verdicts []verdict.Verdict) string {
	slices.SortStableFunc(verdicts, func(a, b verdict.Verdict) int {
		switch {
		case a.Worse(b):
			return 1
		case b.Worse(a):
			return -1
		}
		return 0
	})
	var words []string
	for _, v := range verdicts {
		word := ""
		for _, o := range v.Outcomes {
			name, ok := short[o]
			if !ok {
				name = "**" + string(o) + "**"
			}
			word = strings.TrimSpace(word + " " + name)
		}
		for _, h := range v.Hygiene {
			if h != verdict.Clean {
				word += " **" + string(h) + "**"
			}
		}
		words = append(words, word)
	}
	return strings.Join(slices.Compact(words), ", ")
}
