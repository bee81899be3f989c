package report

import (
	"fmt"
	"slices"
	"time"
)

const noteLine = 16 // from one line of a note to the next

// note lays a note out beside its lifeline.
func (t *timeline) note(g geometry, s *step, n note, y int) svgNote {
	from, room, leftward := t.noteRoom(g, s, n)
	texts := wrap(t.prefix(n.flow)+n.text, max(6, int(float64(room-12)/g.char)))
	widest := 0
	for i, text := range texts {
		texts[i] = clip(text, max(6, int(float64(room-12)/g.char)))
		widest = max(widest, columns(texts[i]))
	}
	out := svgNote{Y: y + 5, Width: int(float64(widest)*g.char) + 12, Height: len(texts)*noteLine + 6, Class: n.class()}
	out.X = from
	if leftward {
		out.X = from - out.Width
	}
	out.TextX = out.X + out.Width/2
	for i, text := range texts {
		out.Lines = append(out.Lines, svgText{Y: out.Y + 14 + i*noteLine, Text: text})
	}
	return out
}

// class names what a note is for the style sheet.
func (n note) class() string {
	switch {
	case n.kind == aState:
		return "state " + stateKind(n.text)
	case n.kind == aTrace:
		return "trace"
	case n.bad:
		return "call bad"
	case n.kind == aSaid:
		return "said"
	}
	return "call"
}

// noteRoom returns where a note's box begins, or ends if it is on the left of
// its lifeline, and how wide it may be.
func (t *timeline) noteRoom(g geometry, s *step, n note) (from, room int, leftward bool) {
	const away = 12
	x, last := g.x[n.host], len(g.x)-1
	if n.kind == aSaid && last > 0 { // between the lifelines, where there is no arrow
		if n.host == last {
			return x - away, x - g.x[0] - 2*away, true
		}
		return x + away, g.x[last] - x - 2*away, false
	}
	if g.stacked && last > 0 {
		half := (g.x[1]-g.x[0])*len(g.x)/2 - 2*away // two notes share the width
		if last > 1 {
			half = g.x[1] - g.x[0] - 2*away
		}
		switch leftward = n.host == last; {
		case n.host > 0 && n.host < last:
			leftward = s.noteAt(n.host+1) != nil
		}
		if leftward {
			return x - away, half, true
		}
		return x + away, half, false
	}
	left := n.host == 0
	if n.host > 0 && n.host < last {
		left = t.peer(n.host, n.flow) < n.host
		if s.segment != nil {
			left = max(s.segment.from, s.segment.to) > n.host
		}
	}
	switch {
	case n.host == 0:
		return x - away, x - away - 82, true
	case left:
		return x - away, x - g.x[n.host-1] - 2*away, true
	case n.host == last:
		return x + away, g.width - x - away, false
	}
	return x + away, g.x[n.host+1] - x - 2*away, false
}

// busy marks how long the calls took that ended in each row: a bar along the
// lifeline from where they began.
func (t *timeline) busy(g geometry, rows []svgRow) {
	for i := range t.steps {
		s := &t.steps[i]
		for k, n := range s.notes {
			if n.call == nil || n.begun || n.call.Duration <= 0 {
				continue
			}
			began := t.rowAt(s.at-n.call.Duration, i)
			if began >= i {
				continue
			}
			note := &rows[i].Notes[k]
			note.BusyX, note.BusyY = g.x[n.host]-10, rows[began].Y+8
			if n.host == len(g.x)-1 {
				note.BusyX = g.x[n.host] + 7
			}
			note.BusyHeight = note.Y - note.BusyY
		}
	}
}

// rowAt returns the first step up to one that is not before a time.
func (t *timeline) rowAt(at time.Duration, upTo int) int {
	for i := range t.steps[:upTo] {
		if t.steps[i].omitted == 0 && t.steps[i].at >= at {
			return i
		}
	}
	return upTo
}

// bands returns the states of the sockets along the lifelines. A host that
// has a peer on each side has two sockets side by side.
func (t *timeline) bands(g geometry, d drawing) []svgBand {
	type end struct{ host, flow int }
	now := map[end]int{} // the band that an end is in
	var out []svgBand
	begin := func(e end, y int, state string) {
		x := g.x[e.host] - 4
		if e.host > 0 && e.host < len(g.x)-1 {
			x += map[bool]int{true: -5, false: 5}[t.peer(e.host, e.flow) < e.host]
		}
		now[e] = len(out)
		out = append(out, svgBand{X: x, Y: y, Kind: stateKind(state), State: state})
	}
	for i := range t.steps {
		for _, n := range t.steps[i].notes {
			if n.kind != aState {
				continue
			}
			e := end{n.host, n.flow}
			y := d.Rows[i].Y + d.Rows[i].Height/2
			if a := d.Rows[i].Arrow; a != nil {
				y = map[bool]int{true: a.Y1, false: a.Y2}[t.steps[i].segment.from == n.host]
			}
			if last, ok := now[e]; ok {
				out[last].Height = max(0, y-out[last].Y)
			}
			begin(e, y, n.text)
		}
	}
	for _, last := range now {
		out[last].Height = max(0, d.Height-8-out[last].Y)
	}
	return slices.DeleteFunc(out, func(b svgBand) bool { return b.Kind == "closed" })
}

func point(x, y int) string { return fmt.Sprintf("%d,%d", x, y) }

func abs(n int) int { return max(n, -n) }
