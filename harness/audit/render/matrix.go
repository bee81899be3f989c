package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
	"github.com/rivo/uniseg"
)

// LeastWidth is how many columns a matrix takes at least.
const LeastWidth = 60

// Style says how a matrix is drawn.
type Style struct {
	Width int  // columns; zero means 80, and fewer than [LeastWidth] are treated as that
	Color bool // ANSI colours, besides the signs
	Said  bool // list what the client's errors said, in every cell that has one, and its system calls
}

// Matrix writes a report for a terminal: the cells by place, a legend, and what
// is bad with the reason that decided. The error is that of writing to w.
func Matrix(w io.Writer, r *verdict.Report, s Style) error {
	if s.Width == 0 {
		s.Width = 80
	}
	m := &matrix{report: r, style: s, width: max(s.Width, LeastWidth)}
	m.head()
	for _, columns := range m.blocks() {
		m.block(columns)
	}
	m.legend()
	m.findings()
	if s.Said {
		m.said()
	}
	m.traces()
	_, err := io.WriteString(w, m.text.String())
	return err
}

type matrix struct {
	report *verdict.Report
	style  Style
	width  int
	text   strings.Builder
}

func (m *matrix) line(format string, args ...any) {
	m.text.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

func (m *matrix) head() {
	r := m.report
	m.line("%s", m.fit(fmt.Sprintf("%s · %s", plain(r.Subject), plain(r.Protocol)), m.width))
	m.wrap(summary(r), "", "")
	if left := untried(r); left != "" {
		m.wrap(left, "", "")
	}
	facts := fmt.Sprintf("%s · seed %d", lasted(r.Duration), r.Seed)
	if r.Shards > 1 {
		facts += fmt.Sprintf(" · shard %d/%d", r.Shard, r.Shards)
	}
	m.line("%s", facts)
	if r.Stopped != "" {
		m.wrap("INCOMPLETE: "+plain(r.Stopped), "", bad.color())
	}
}

// labels is how wide the column of faults is.
const labels = 15

// blocks shares the columns out among as many tables as the width needs.
func (m *matrix) blocks() [][]column {
	columns := columnsOf(m.report)
	if len(columns) == 0 {
		return nil
	}
	each := max(1, (m.width-labels)/(m.cellWidth()+1))
	return slices.Collect(slices.Chunk(columns, each))
}

// cellWidth is how wide the widest cell is, its sign included.
func (m *matrix) cellWidth() int {
	width := len("idempotent") + 1
	for _, c := range m.report.Cells {
		width = max(width, 1+uniseg.StringWidth(short(c)))
	}
	return min(width, m.width-labels-1)
}

func (m *matrix) block(columns []column) {
	width := m.cellWidth()
	repeats, operations := strings.Repeat(" ", labels), strings.Repeat(" ", labels)
	for i, c := range columns {
		name := string(c.repeat)
		if i > 0 && columns[i-1].repeat == c.repeat {
			name = ""
		}
		repeats += " " + m.pad(" "+name, width)
		operations += " " + m.pad(" "+string(c.operation), width)
	}
	m.line("")
	m.line("%s", repeats)
	m.line("%s", operations)
	for _, g := range groupsOf(m.report) {
		m.line("%s", m.paint("1", m.fit(fmt.Sprintf("%s  %s", plain(g.place), plain(g.says)), m.width)))
		for _, fault := range g.faults {
			line := m.pad("  "+string(fault), labels)
			for _, c := range columns {
				line += " " + m.cell(g.place, fault, c, width)
			}
			m.line("%s", line)
		}
	}
}

func (m *matrix) cell(place string, fault point.Fault, c column, width int) string {
	r, ok := at(m.report, place, fault, c)
	if !ok {
		return m.pad(" ·", width)
	}
	k := classOf(r)
	return m.paint(k.color(), m.pad(m.fit(k.sign()+short(r), width), width))
}

// color is the number of an ANSI colour.
func (c class) color() string {
	switch c {
	case bad:
		return "1;31"
	case weak:
		return "33"
	case unproven, unchecked:
		return "35"
	case expected:
		return "36"
	}
	return "32"
}

// legend says what the words mean that occur.
func (m *matrix) legend() {
	var hygienes []verdict.Hygiene
	for _, c := range m.report.Cells {
		hygienes = append(hygienes, c.Verdict.Hygiene...)
	}
	m.line("")
	for _, w := range legend(m.report.Cells) {
		m.hang(fmt.Sprintf("  %-11s", w.short), fmt.Sprintf("%s: %s", w.outcome, w.says))
	}
	for _, h := range marks {
		if slices.Contains(hygienes, h.hygiene) {
			m.hang(fmt.Sprintf("  %-11s", h.short), h.says)
		}
	}
	m.wrap(signs(m.report)+" · no sign: good", "  ", "")
}

// mostFindings bounds how many cells are listed.
const mostFindings = 100

// findings lists what is bad or was expected, and why.
func (m *matrix) findings() {
	listed := 0
	for _, k := range []class{bad, unproven, expected} {
		for _, c := range m.report.Cells {
			if classOf(c) != k {
				continue
			}
			if listed++; listed <= mostFindings {
				m.finding(k, c)
			}
		}
	}
	if listed > mostFindings {
		m.line("\n… and %d more", listed-mostFindings)
	}
	for _, unmet := range m.report.Unmet {
		m.line("")
		m.wrap("✗ expected, and not so any more", "", bad.color())
		m.wrap(plain(unmet), "    ", "")
	}
}

func (m *matrix) finding(k class, c verdict.Result) {
	m.line("")
	m.wrap(fmt.Sprintf("%s %s %s", k.sign(), plain(c.ID), c.Verdict), "", k.color())
	m.wrap(plain(c.Verdict.Reason), "    ", "")
	if c.First != nil && c.First.String() != c.Verdict.String() {
		m.wrap(fmt.Sprintf("at first, before it was run again alone: %s: %s", c.First, plain(c.First.Reason)), "    ", "")
	}
	if c.FollowUp != "" {
		m.wrap("afterwards: "+plain(c.FollowUp), "    ", "")
	}
	if c.Known != "" {
		m.wrap("it could have known: "+plain(c.Known), "    ", "")
	}
	if c.Expected != "" {
		m.wrap("expected: "+plain(c.Expected), "    ", "")
	}
}

// said lists what the client's errors said.
func (m *matrix) said() {
	m.line("")
	m.line("What the client said:")
	for _, c := range m.report.Cells {
		if !c.Verdict.Has(verdict.Unimplemented, verdict.NotStruck, verdict.Broken) {
			m.wrap(fmt.Sprintf("%s: %s", plain(c.ID), plain(c.Said())), "    ", "")
		}
	}
}

// hang writes text behind a word, in as many lines as it needs.
func (m *matrix) hang(word, text string) {
	lines := &matrix{width: m.width}
	indent := strings.Repeat(" ", uniseg.StringWidth(word))
	lines.wrap(text, indent, "")
	m.text.WriteString(word + strings.TrimPrefix(lines.text.String(), indent))
}

// wrap writes text in as many lines as it needs.
func (m *matrix) wrap(text, indent, color string) {
	line := indent
	for word := range strings.FieldsSeq(text) {
		word = m.fit(word, m.width-len(indent))
		if line != indent && uniseg.StringWidth(line)+1+uniseg.StringWidth(word) > m.width {
			m.line("%s", m.paint(color, line))
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	m.line("%s", m.paint(color, line))
}

// fit shortens text to a width.
func (m *matrix) fit(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	var short strings.Builder
	used := 0
	for clusters := uniseg.NewGraphemes(text); clusters.Next(); {
		if used += clusters.Width(); used > width-1 {
			break
		}
		short.WriteString(clusters.Str())
	}
	return short.String() + "…"
}

func (m *matrix) pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-uniseg.StringWidth(text)))
}

func (m *matrix) paint(color, text string) string {
	if !m.style.Color || color == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}
