package report

import (
	"strings"

	"github.com/rivo/uniseg"
)

// A style is how a cell looks in a terminal that has colours: the parameters
// of SGR (ECMA-48, 8.3.117). The zero style is plain.
type style string

const (
	faint  style = "2"
	bold   style = "1"
	red    style = "1;31"
	green  style = "32"
	yellow style = "33"
	blue   style = "34"
	purple style = "35"
	cyan   style = "36"
)

// stateStyle returns the colour of a socket state.
func stateStyle(state string) style {
	switch stateKind(state) {
	case "open":
		return green
	case "opening":
		return yellow
	case "closing":
		return blue
	case "half":
		return purple
	case "waiting":
		return cyan
	}
	return faint
}

// A cell is one column of a line: a grapheme cluster. A wide one leaves the
// cell after it empty.
type cell struct {
	text  string
	style style
}

// A line is a row of cells.
type line []cell

// newLine returns width blank cells.
func newLine(width int) line {
	l := make(line, width)
	for i := range l {
		l[i].text = " "
	}
	return l
}

// put writes text from column x on, as far as the line goes.
func (l line) put(x int, text string, s style) {
	for text != "" {
		cluster, rest, width, _ := uniseg.FirstGraphemeClusterInString(text, -1)
		text = rest
		if width == 0 {
			continue
		}
		if cluster == "\u00a0" {
			cluster = " "
		}
		if x < 0 || x+width > len(l) {
			return
		}
		l[x] = cell{cluster, s}
		for i := 1; i < width; i++ {
			l[x+i] = cell{"", s}
		}
		x += width
	}
}

// render writes the line without the blanks at its end.
func (l line) render(color bool) string {
	end := len(l)
	for end > 0 && l[end-1].text == " " {
		end--
	}
	var b strings.Builder
	now := style("")
	for _, c := range l[:end] {
		if color && c.style != now {
			if now != "" {
				b.WriteString("\x1b[0m")
			}
			if c.style != "" {
				b.WriteString("\x1b[" + string(c.style) + "m")
			}
			now = c.style
		}
		b.WriteString(c.text)
	}
	if now != "" {
		b.WriteString("\x1b[0m")
	}
	return b.String()
}

// columns returns how many columns a string takes.
func columns(s string) int { return uniseg.StringWidth(s) }

// clip cuts a string to at most width columns, marking the cut.
func clip(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	var b strings.Builder
	for used := 0; s != ""; {
		cluster, rest, w, _ := uniseg.FirstGraphemeClusterInString(s, -1)
		if used+w > width-1 {
			break
		}
		b.WriteString(cluster)
		used, s = used+w, rest
	}
	if width <= 0 {
		return ""
	}
	return b.String() + "…"
}

// wrap breaks a string at blanks, but not at U+00A0, into lines of at most
// width columns; a word that is longer is broken.
func wrap(s string, width int) []string {
	var lines []string
	now := ""
	for word := range strings.SplitSeq(s, " ") {
		switch {
		case word == "":
			continue
		case now != "" && columns(now)+1+columns(word) <= width:
			now += " " + word
			continue
		case now != "":
			lines = append(lines, now)
		}
		for columns(word) > width {
			head := strings.TrimSuffix(clip(word, width), "…")
			if head == "" { // a cluster wider than a line
				break
			}
			lines, word = append(lines, head), word[len(head):]
		}
		now = word
	}
	if now != "" {
		lines = append(lines, now)
	}
	return lines
}
