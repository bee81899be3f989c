package report

import (
	"fmt"
	"slices"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A glyphStroke is an arrow of the small picture that stands for a run.
type glyphStroke struct {
	Path string
	RST  bool
	Tip  string
}

const (
	glyphStrokes = 9  // how many arrows a picture has
	glyphWidth   = 72 // between its outer lifelines
)

// glyph draws the last segments of a run without words: how a connection ends
// is its signature.
func glyph(t *timeline) []glyphStroke {
	var seen []*step
	for i := range t.steps {
		if t.steps[i].segment != nil {
			seen = append(seen, &t.steps[i])
		}
	}
	seen = seen[max(0, len(seen)-glyphStrokes):]
	var out []glyphStroke
	for i, s := range seen {
		x := spread(0, glyphWidth, len(t.hosts))
		x1, x2, y, sign := x[s.segment.from], x[s.segment.to], 4+i*6, 1
		if x1 > x2 {
			sign = -1
		}
		out = append(out, glyphStroke{
			Path: fmt.Sprintf("M%d %d L%d %d", x1+2*sign, y, x2-2*sign, y+3),
			Tip:  fmt.Sprintf("%s %s %s", point(x2-sign, y+3), point(x2-6*sign, y), point(x2-6*sign, y+5)),
			RST:  s.segment.rst,
		})
	}
	return out
}

// wireSummary names the segments that end connections.
func wireSummary(t *timeline) []string {
	var out []string
	for i := range t.steps {
		s := &t.steps[i]
		if s.segment == nil || s.segment.packet == nil {
			continue
		}
		if p := s.segment.packet; has(p, "RST") || has(p, "FIN") {
			out = append(out, fmt.Sprintf("%s from %s", p.Flags, t.hosts[s.segment.from].Name))
		}
	}
	const most = 3
	if len(out) > most {
		out = append(out[:most-1], fmt.Sprintf("and %d more", len(out)-most+1))
	}
	if len(out) == 0 && len(t.hosts) > 0 {
		out = []string{"no RST, no FIN"}
	}
	if missing(t.rec, evidence.Wire) {
		out = []string{"not seen"}
	}
	return out
}

// missing says whether a recording lacks a lane.
func missing(r *evidence.Recording, lane evidence.Lane) bool {
	return slices.ContainsFunc(r.Missing, func(m evidence.MissingLane) bool { return m.Lane == lane })
}
