package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
)

// Mermaid writes a recording as a sequenceDiagram of mermaid.js, which
// Markdown on GitHub renders in a block fenced with ```mermaid. A RST is an
// arrow with a cross; states and calls are notes. The error is that of
// writing to w.
func Mermaid(w io.Writer, r *evidence.Recording) error {
	t := newTimeline(rewrite(r, plain), mostRows)
	var b strings.Builder
	b.WriteString("sequenceDiagram\n")
	fmt.Fprintf(&b, "    accTitle: %s\n", mermaidText(strings.ReplaceAll(t.rec.Scenario, ":", ",")))
	for i, h := range t.hosts {
		fmt.Fprintf(&b, "    participant h%d as %s\n", i, mermaidText(h.Name))
	}
	for i := range t.steps {
		t.mermaidStep(&b, &t.steps[i])
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write the Mermaid diagram: %w", err)
	}
	return nil
}

func (t *timeline) mermaidStep(b *strings.Builder, s *step) {
	switch {
	case len(t.hosts) == 0:
		return
	case s.omitted > 0:
		fmt.Fprintf(b, "    Note over h0: %s left out\n", plural(int64(s.omitted), "step"))
		return
	case s.gap >= pause:
		fmt.Fprintf(b, "    Note over h0,h%d: %s later\n", len(t.hosts)-1, span(s.gap))
	}
	for _, n := range s.notes {
		if n.kind == aCall {
			t.mermaidNote(b, n)
		}
	}
	if s.segment != nil {
		arrow := "->>"
		if s.segment.rst {
			arrow = "-x"
		}
		text := mermaidText(t.prefix(s.flow) + s.segment.labels[0])
		if s.reset != nil {
			for _, line := range wrap(whyText(*s.reset), 44) {
				text += "<br/>" + mermaidText(line)
			}
		}
		fmt.Fprintf(b, "    h%d%sh%d: %s\n", s.segment.from, arrow, s.segment.to, text)
	}
	for _, n := range s.notes {
		if n.kind != aCall {
			t.mermaidNote(b, n)
		}
	}
}

// mermaidNote writes a call at the outer edge, anything else on its lifeline.
func (t *timeline) mermaidNote(b *strings.Builder, n note) {
	where := "over"
	switch {
	case n.kind != aCall:
	case n.host == 0:
		where = "left of"
	case n.host == len(t.hosts)-1:
		where = "right of"
	}
	lines := []string{t.prefix(n.flow) + n.text}
	if n.kind == aSaid {
		lines = wrap(n.text, 44)
	}
	for i, line := range lines {
		lines[i] = mermaidText(line)
	}
	fmt.Fprintf(b, "    Note %s h%d: %s\n", where, n.host, strings.Join(lines, "<br/>"))
}

// mermaidText writes what is not a letter, a digit or harmless punctuation as
// an entity, so that nothing in it is taken for syntax or markup.
func mermaidText(s string) string {
	if s == "" {
		return "?"
	}
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 && strings.ContainsRune("#;<>&\"'`{}%\\$", r) {
			fmt.Fprintf(&b, "#%d;", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
