package report

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
	"golang.org/x/term"
)

// CardOptions say how a card is drawn. The zero value is right for people.
type CardOptions struct {
	// Width is how many columns the card takes; 0 means the terminal's width but
	// at least 80, and 80 where w is no terminal. A card that needs more takes
	// more: with two or three lifelines it is content with LeastWidth.
	Width int
	// Color forces colour. Otherwise there is colour on a terminal only, and
	// none if NO_COLOR is set or TERM is "dumb". Nothing is said by colour alone.
	Color bool
	// Mask replaces ports and process ids by "*", so that two runs agree.
	Mask bool
	// Bucket replaces times by "<10ms", "<100ms" and so on, for the same end.
	Bucket bool
	// Bare leaves out what stands below the drawing: the verdicts, and what they
	// rest on.
	Bare bool
}

// The widths of a card, in columns: fewer are treated as LeastWidth, more as
// MostWidth.
const (
	LeastWidth = 70
	MostWidth  = 400
)

const (
	usualWidth = 80 // where nothing else is said
	mostRows   = 90 // how many steps a card draws
	mostLines  = 6  // how many resets, outcomes and the like it lists
	timeColumn = 12 // where the time ends and the first margin begins
	leastWire  = 13 // columns between two lifelines
)

// Card draws a recording for the terminal. The error is that of writing to w.
func Card(w io.Writer, r *evidence.Recording, o CardOptions) error {
	if o.Width == 0 {
		o.Width = max(terminalWidth(w), usualWidth)
	}
	o.Color = o.Color || colorful(w)
	if _, err := io.WriteString(w, strings.Join(CardSteps(r, o), "")); err != nil {
		return fmt.Errorf("write the card: %w", err)
	}
	return nil
}

// CardSteps returns the card of a recording in pieces that can be shown one by
// one: its head, each step, and with the last the foot. Width and colour are what
// o says; zero means 80 columns and no colour.
func CardSteps(r *evidence.Recording, o CardOptions) []string {
	r = rewrite(r, plain)
	if o.Mask {
		r = masked(r)
	}
	if o.Width == 0 {
		o.Width = usualWidth
	}
	c := &card{timeline: newTimeline(r, mostRows), options: o}
	c.layOut(min(max(o.Width, LeastWidth), MostWidth))
	c.head()
	begins := []int{0} // the lines with which the pieces begin
	for i := range c.steps {
		begins = append(begins, len(c.lines))
		c.step(&c.steps[i])
	}
	c.rule("┴")
	if !o.Bare {
		c.foot()
	}
	pieces := make([]strings.Builder, len(begins))
	piece := 0
	for i, l := range c.lines {
		for piece+1 < len(begins) && i >= begins[piece+1] {
			piece++
		}
		pieces[piece].WriteString(l.render(o.Color))
		pieces[piece].WriteByte('\n')
	}
	var texts []string
	for i := range pieces {
		texts = append(texts, pieces[i].String())
	}
	return texts
}

// terminalWidth returns how many columns w has, 0 if it is no terminal.
func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, _ := term.GetSize(int(f.Fd()))
	return columns
}

// colorful says whether colour suits w (no-color.org).
func colorful(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// A card is a card being drawn.
type card struct {
	*timeline
	options CardOptions
	width   int
	margin  int   // columns of a call at an outer edge
	x       []int // the lifelines' columns
	lines   []line
	states  map[[2]int]string // of a connection's end, by lifeline and flow
}

// layOut places the lifelines.
func (c *card) layOut(width int) {
	c.states = map[[2]int]string{}
	n := len(c.hosts)
	c.margin = min(max(18, width*18/80), 26)
	if n > 2 {
		c.margin = min(max(14, width*14/80), 20)
	}
	c.width = max(width, timeColumn+2*c.margin+1+(n-1)*leastWire)
	first, last := timeColumn+c.margin, c.width-1-c.margin
	for i := range n {
		x := first
		if n > 1 {
			x += (last - first) * i / (n - 1)
		}
		c.x = append(c.x, x)
	}
}

// newLine adds a blank line.
func (c *card) newLine() line {
	l := newLine(c.width)
	c.lines = append(c.lines, l)
	return l
}

// rule draws a line across, with knot where it meets a lifeline.
func (c *card) rule(knot string) {
	l := c.newLine()
	l.put(1, strings.Repeat("─", c.width-2), faint)
	for _, x := range c.x {
		l.put(x, knot, faint)
	}
}

// head writes what was run and the names over the lifelines.
func (c *card) head() {
	for _, text := range wrap(c.rec.Scenario, c.width-2) {
		c.newLine().put(1, text, bold)
	}
	c.rule("─")
	names, addresses := c.newLine(), c.newLine()
	for i, h := range c.hosts {
		c.putAbove(names, i, h.Name, bold)
		c.putAbove(addresses, i, c.address(i), faint)
	}
	c.rule("┬")
}

// putAbove writes text over a lifeline: outward from the outer ones as far
// as there is room, centred on the others.
func (c *card) putAbove(l line, i int, text string, s style) {
	switch {
	case i == 0:
		text = clip(text, c.x[0])
		l.put(c.x[0]-columns(text)+1, text, s)
	case i == len(c.x)-1:
		text = clip(text, 2*c.margin)
		l.put(min(c.x[i], c.width-columns(text)), text, s)
	default:
		text = clip(text, c.x[i]-c.x[i-1]-2)
		l.put(c.x[i]-columns(text)/2, text, s)
	}
}

// address returns a host's address: with its port if it has only one.
func (t *timeline) address(i int) string {
	h, found := t.hosts[i], ""
	for _, f := range t.rec.Flows {
		for _, end := range [][2]string{{f.ClientHost, f.Client}, {f.ServerHost, f.Server}} {
			switch {
			case end[0] != h.Name || end[1] == found:
			case found == "":
				found = end[1]
			default:
				return h.IP
			}
		}
	}
	if found == "" {
		return h.IP
	}
	return found
}
