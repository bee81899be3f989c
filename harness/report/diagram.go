package report

import (
	"math"
	"strings"
	"time"
)

// A drawing is a sequence diagram laid out in the units of an SVG.
type drawing struct {
	Class         string // "wide" or "narrow"
	Width, Height int
	Lifelines     []svgLifeline
	Bands         []svgBand
	Rows          []svgRow
}

type svgLifeline struct {
	X, Top, Bottom int
	LabelX         int
	Anchor         string
	Name, Address  string
}

// A svgBand is the time that a socket spends in a state.
type svgBand struct {
	X, Y, Height int
	Kind, State  string
}

// A svgRow is a step.
type svgRow struct {
	N, Y, Height  int
	TimeX, TimeY  int
	Anchor        string
	Time          string
	Say           string
	Fields        []field
	Break         *svgBreak
	Arrow         *svgArrow
	Notes         []svgNote
	RST, Omission bool
}

// A svgBreak marks a gap that the time axis leaves out.
type svgBreak struct {
	Y    int
	Text string
}

type svgArrow struct {
	X1, Y1, X2, Y2 int
	Head           string // the points of its tip
	TextX, TextY   int
	Text           string
	Run, RST       bool
	Between        bool // not from where it says
	Reason         string
	ReasonX        int
	ReasonY        int
	ReasonWidth    int
}

// A svgNote is a call or a state at a lifeline.
type svgNote struct {
	X, Y, Width, Height int // of its box
	TextX               int
	Lines               []svgText
	Class               string
	BusyX, BusyY        int // since when the call ran
	BusyHeight          int // 0 if that was no time to speak of
}

type svgText struct {
	Y    int
	Text string
}

// A geometry says where things are in a drawing.
type geometry struct {
	class   string
	stacked bool // notes stand above the arrows, not beside them
	width   int
	x       []int
	top     int
	char    float64 // how wide a letter is
}

// wide is for screens with room for calls at the outer edges.
func wide(hosts int) geometry {
	g := geometry{class: "wide", width: 780, top: 58, char: 7.3}
	first, last := 238, 566
	if hosts > 2 {
		first, last = 214, 598+150*(hosts-3)
		g.width = last + 182
	}
	g.x = spread(first, last, hosts)
	return g
}

// narrow is for telephones.
func narrow(hosts int) geometry {
	return geometry{class: "narrow", stacked: true, width: 343, top: 52, char: 6.7, x: spread(14, 329, hosts)}
}

// spread places n lifelines between two columns.
func spread(first, last, n int) []int {
	x := make([]int, n)
	for i := range x {
		x[i] = first
		if n > 1 {
			x[i] += (last - first) * i / (n - 1)
		}
	}
	return x
}

// draw lays a timeline out.
func (t *timeline) draw(g geometry) drawing {
	d := drawing{Class: g.class, Width: g.width}
	y := g.top
	for i := range t.steps {
		row := t.row(g, i, y)
		y += row.Height
		d.Rows = append(d.Rows, row)
	}
	d.Height = y + 14
	t.busy(g, d.Rows)
	for i, h := range t.hosts {
		l := svgLifeline{X: g.x[i], Top: g.top - 8, Bottom: d.Height - 8, LabelX: g.x[i], Anchor: "middle",
			Name: h.Name, Address: t.address(i)}
		switch {
		case i == 0 && g.stacked:
			l.LabelX, l.Anchor = g.x[i]-8, "start"
		case i == len(t.hosts)-1 && g.stacked:
			l.LabelX, l.Anchor = g.x[i]+8, "end"
		}
		d.Lifelines = append(d.Lifelines, l)
	}
	d.Bands = t.bands(g, d)
	return d
}

// row lays a step out from y on.
func (t *timeline) row(g geometry, i, y int) svgRow {
	s := &t.steps[i]
	row := svgRow{N: i + 1, Y: y, Say: t.say(s), Fields: t.fields(s), RST: s.segment != nil && s.segment.rst}
	at := y
	if s.omitted > 0 {
		row.Omission, row.Height = true, 40
		row.Break = &svgBreak{Y: y + 20, Text: plural(int64(s.omitted), "step") + " left out"}
		return row
	}
	if s.gap >= pause {
		row.Break = &svgBreak{Y: at + 20, Text: span(s.gap)}
		at += 40
	} else if s.gap > 0 {
		at += int(2 * math.Log10(float64(s.gap/time.Microsecond)+1))
	}
	height := 32
	for _, n := range s.notes {
		note := t.note(g, s, n, at)
		height = max(height, note.Height+8)
		row.Notes = append(row.Notes, note)
	}
	row.Time, row.TimeX, row.TimeY, row.Anchor = clock(s.at), 4, at+20, "start"
	if g.stacked {
		row.TimeX, row.Anchor = t.freeSide(g, s)
	}
	if s.segment != nil {
		line := at + 18
		if g.stacked {
			line, height = at+48, max(60, height)
		}
		row.Arrow = t.arrowAt(g, s, line)
		if row.Arrow.Reason != "" {
			height += 26
		}
	}
	row.Height = at - y + height
	return row
}

// freeSide returns where a stacked row has room for the time.
func (t *timeline) freeSide(g geometry, s *step) (x int, anchor string) {
	last := len(g.x) - 1
	left, right := s.noteAt(0) != nil, s.noteAt(last) != nil
	switch {
	case last < 1 || left && !right:
		return g.x[max(0, last)] - 12, "end"
	case right && !left:
		return g.x[0] + 12, "start"
	}
	return g.width / 2, "middle"
}

// arrowAt lays the segment of a step out on a line.
func (t *timeline) arrowAt(g geometry, s *step, y int) *svgArrow {
	seg := s.segment
	sign := 1
	if seg.from > seg.to {
		sign = -1
	}
	a := &svgArrow{X1: g.x[seg.from] + 5*sign, X2: g.x[seg.to] - 6*sign, Y1: y - 4, Y2: y + 4,
		Run: seg.packet == nil, RST: seg.rst}
	if s.strange() {
		a.Between = true
		a.X1 += 26 * sign
	}
	a.Head = tip(a.X2, a.Y2, sign)
	room := int(float64(abs(a.X2-a.X1)-16) / g.char)
	a.Text = fitting(seg.labels, room-len(t.prefix(s.flow)), t.prefix(s.flow))
	a.TextX, a.TextY = (a.X1+a.X2)/2, y-9
	if s.reset != nil && s.reset.Reason != "" {
		a.Reason = clip(s.reset.Reason, int(float64(abs(g.x[seg.from]-g.x[seg.to])-14)/g.char))
		a.ReasonWidth = int(float64(columns(a.Reason))*g.char) + 16
		a.ReasonX, a.ReasonY = (g.x[seg.from]+g.x[seg.to])/2, y+12
	}
	return a
}

// tip returns the points of an arrow's tip.
func tip(x, y, sign int) string {
	return strings.Join([]string{point(x, y), point(x-9*sign, y-5), point(x-9*sign, y+4)}, " ")
}
