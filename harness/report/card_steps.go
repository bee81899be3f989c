package report

import (
	"strings"
	"time"
)

// pause is a gap that the card shows.
const pause = 500 * time.Millisecond

// step draws a step: its first line has the time, the arrow and the notes;
// further lines have what of the notes did not fit and the reason of a RST.
func (c *card) step(s *step) {
	if s.omitted > 0 {
		c.lifelines().put(1, "⋮ "+plural(int64(s.omitted), "step")+" more", faint)
		return
	}
	if s.gap >= pause {
		text := "⋮ " + span(s.gap)
		if c.options.Bucket {
			text = "⋮ pause"
		}
		c.lifelines().put(1, text, faint)
	}
	first := len(c.lines)
	c.enter(s, func(state string) bool { return stateKind(state) != "closed" })
	l := c.lifelines()
	c.enter(s, func(string) bool { return true })
	at := clock(s.at)
	if c.options.Bucket {
		at = bucket(s.at)
	}
	l.put(1, at, faint)
	for _, n := range s.notes {
		c.note(first, s, n)
	}
	if s.segment != nil {
		c.arrow(l, s)
	}
	if s.reset != nil && s.reset.Reason != "" {
		c.reason(first+1, s)
	}
}

// enter notes the states that a step brings: what opens is seen at once, what
// closes from the next line on.
func (c *card) enter(s *step, which func(state string) bool) {
	for _, n := range s.notes {
		if n.kind == aState && which(n.text) {
			c.states[[2]int{n.host, n.flow}] = n.text
		}
	}
}

// lifelines adds a line with nothing but the lifelines. One is dashed when
// all its connections are closed.
func (c *card) lifelines() line {
	l := c.newLine()
	for i, x := range c.x {
		mark, look := "│", style("")
		for flow := range len(c.rec.Flows) {
			state, ok := c.states[[2]int{i, flow}]
			switch {
			case !ok:
			case stateKind(state) != "closed":
				mark, look = "│", stateStyle(state)
			case look == "":
				mark, look = "┊", faint
			}
		}
		l.put(x, mark, look)
	}
	return l
}

// lineAt returns a line of the step being drawn, a new one if it has none yet.
func (c *card) lineAt(i int) line {
	for len(c.lines) <= i {
		c.lifelines()
	}
	return c.lines[i]
}

// note writes a note beside its lifeline: at the outer edge, or on the side
// of the lifeline that no arrow takes.
func (c *card) note(first int, s *step, n note) {
	from, room, leftward := c.room(s, n)
	look := style("")
	switch {
	case n.kind == aState:
		look = stateStyle(n.text)
	case n.bad:
		look = red
	case n.kind == aTrace:
		look = faint
	}
	if n.kind == aSaid {
		c.said(first, n, look)
		return
	}
	phrase := strings.ReplaceAll(c.prefix(n.flow)+n.text, "= ", "=\u00a0")
	for i, text := range wrap(phrase, room) {
		text = clip(text, room)
		x := from
		if leftward {
			x = from - columns(text) + 1
		}
		c.lineAt(first+i).put(x, text, look)
	}
}

// mostOfALine is how many lines of the card a line of a program takes.
const mostOfALine = 5

// said writes what a program says on the inner side of its lifeline, where there
// is no arrow, as far as the card goes.
func (c *card) said(first int, n note, look style) {
	from, room := c.x[n.host]+2, c.width-c.x[n.host]-3
	if leftward := n.host > 0 && n.host == len(c.x)-1; leftward {
		from, room = timeColumn+1, c.x[n.host]-timeColumn-2
	}
	lines := wrap(n.text, room)
	if len(lines) > mostOfALine {
		lines = lines[:mostOfALine]
		lines[mostOfALine-1] = clip(lines[mostOfALine-1]+" …", room)
	}
	widest := 0
	for i := range lines {
		lines[i] = clip(lines[i], room)
		widest = max(widest, columns(lines[i]))
	}
	if from == timeColumn+1 {
		from = c.x[n.host] - 1 - widest
	}
	for i, text := range lines {
		c.lineAt(first+i).put(from, text, look)
	}
}

// room returns where a note stands: the column it begins at, or ends at if it
// is on the left of its lifeline, and how many columns it has.
func (c *card) room(s *step, n note) (from, columns int, leftward bool) {
	x, last := c.x[n.host], len(c.x)-1
	left := n.host == 0
	if n.host > 0 && n.host < last {
		left = c.peer(n.host, n.flow) < n.host
		if s.segment != nil {
			left = max(s.segment.from, s.segment.to) > n.host
		}
	}
	switch {
	case n.host == 0:
		return x - 2, c.margin - 1, true
	case left:
		return x - 2, x - c.x[n.host-1] - 3, true
	case n.host == last:
		return x + 2, c.width - x - 2, false
	}
	return x + 2, c.x[n.host+1] - x - 3, false
}

// arrow draws the segment: a double line for a RST, dots for a run.
func (c *card) arrow(l line, s *step) {
	seg := s.segment
	from, to := c.x[seg.from], c.x[seg.to]
	left, right := min(from, to)+1, max(from, to)-1
	stroke, look := "─", style("")
	switch {
	case seg.rst:
		stroke, look = "═", red
	case seg.packet == nil:
		stroke = "┄"
	}
	l.put(left, strings.Repeat(stroke, right-left+1), look)
	for _, x := range c.x {
		if x > left && x < right {
			l.put(x, map[bool]string{true: "╪", false: "┼"}[seg.rst], look)
		}
	}
	dropped := seg.packet != nil && seg.packet.Dropped
	switch {
	case from < to:
		l.put(right, map[bool]string{false: "▶", true: "✗"}[dropped], look)
	default:
		l.put(left, map[bool]string{false: "◀", true: "✗"}[dropped], look)
	}
	if s.strange() { // not from where it says
		x := map[bool]int{true: left, false: right - 2}[from < to]
		l.put(x, " ? ", look)
	}
	room := right - left - 1 - 2 // without the head, between two blanks
	text := " " + fitting(seg.labels, room-columns(c.prefix(s.flow)), c.prefix(s.flow)) + " "
	l.put(left+(right-left+1-columns(text))/2, text, look)
}

// fitting returns the richest label that fits.
func fitting(labels []string, room int, prefix string) string {
	text := ""
	for _, text = range labels {
		if columns(text) <= room {
			break
		}
	}
	return prefix + clip(text, room)
}

// reason writes the kernel's name for why below a RST.
func (c *card) reason(i int, s *step) {
	left, right := c.x[min(s.segment.from, s.segment.to)], c.x[max(s.segment.from, s.segment.to)]
	room := right - left - 1
	text := fitting([]string{"why: " + s.reset.Reason, s.reset.Reason}, room, "")
	c.lineAt(i).put(left+1+(right-left-columns(text))/2, text, red)
}
