package claims

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Pin is what was once found about a claim: the verdict, and how often each
// observation was made that it rests on. The verdict alone would not show that
// one of several observations has turned over.
type Pin struct {
	Word string // as in [Verdict]
	Saw  map[Observation]int
}

// Pins are what was found about claims. Written down they are what is expected;
// what is printed is computed each time.
type Pins map[ID]Pin

// Pinned returns what a run found about each claim that it judged by the specs
// of toy programs.
func Pinned(runs []Run) Pins {
	pins := Pins{}
	for _, c := range All() {
		pins.add(Judge(c, runs), runs)
	}
	return pins
}

// PinnedReal returns what a run found about each claim that it judged by the
// specs of real programs, by the programs with their versions.
func PinnedReal(runs []Run) map[string]Pins {
	all := map[string]Pins{}
	for _, c := range All() {
		for _, verdict := range JudgeReal(c, runs) {
			if all[verdict.By] == nil {
				all[verdict.By] = Pins{}
			}
			all[verdict.By].add(verdict, runs)
		}
	}
	return all
}

// add adds a verdict, if it was judged, with what it rests on.
func (p Pins) add(v Verdict, runs []Run) {
	if !v.Judged() {
		return
	}
	pin := Pin{Word: v.Word, Saw: map[Observation]int{}}
	for _, r := range runs {
		if r.By != v.By || !slices.Contains(r.About, v.Claim) {
			continue
		}
		for _, o := range r.Saw {
			if o.Claim == v.Claim {
				pin.Saw[o]++
			}
		}
	}
	p[v.Claim] = pin
}

// Changes says in a line for each claim what is found otherwise than it was
// expected. Claims that were not judged are passed over.
func (p Pins) Changes(expected Pins) []string {
	var lines []string
	for _, c := range All() {
		found, judged := p[c.ID]
		pinned, known := expected[c.ID]
		switch {
		case !judged:
		case !known:
			lines = append(lines, fmt.Sprintf("claim %s · %s, and nothing was expected", c.ID, found.Word))
		case found.Word != pinned.Word:
			lines = append(lines, fmt.Sprintf("claim %s · %s, and not: %s", c.ID, found.Word, pinned.Word))
		case !maps.Equal(found.Saw, pinned.Saw):
			lines = append(lines, fmt.Sprintf("claim %s · %s as before, by other observations: %s, and not: %s",
				c.ID, found.Word, strings.Join(found.lines(), ", "), strings.Join(pinned.lines(), ", ")))
		}
	}
	return lines
}

// ifMark stands between an observation and its condition.
const ifMark = " | if "

// lines are the observations, each with how often it was made.
func (p Pin) lines() []string {
	var lines []string
	for o, times := range p.Saw {
		line := fmt.Sprintf("%d × %s", times, o.Saw)
		if o.If != "" {
			line += ifMark + o.If
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// String is the pins as text, for people and for [ParsePins]: a line for each
// claim, and below it, indented, one for each observation.
func (p Pins) String() string {
	var text strings.Builder
	for _, c := range All() {
		if pin, judged := p[c.ID]; judged {
			fmt.Fprintf(&text, "%s: %s\n", c.ID, pin.Word)
			for _, line := range pin.lines() {
				fmt.Fprintf(&text, "  %s\n", line)
			}
		}
	}
	return text.String()
}

// ParsePins reads what String writes. Empty lines, and lines that begin with #,
// say nothing. The error names the line that it does not understand.
func ParsePins(text string) (Pins, error) {
	pins := Pins{}
	var claim ID
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		bad := func(why string) error { return fmt.Errorf("line %d: %q: %s", number, line, why) }
		if line == "" || line[0] == '#' {
			continue
		}
		if observation, indented := strings.CutPrefix(line, "  "); indented {
			count, saw, found := strings.Cut(observation, " × ")
			times, err := strconv.Atoi(count)
			if !found || err != nil || times < 1 || claim == "" {
				return nil, bad("an observation is a number, × and what was seen, below its claim")
			}
			saw, condition, _ := strings.Cut(saw, ifMark)
			pins[claim].Saw[Observation{claim, saw, condition}] += times
			continue
		}
		id, word, found := strings.Cut(line, ": ")
		known := slices.ContainsFunc(All(), func(c Claim) bool { return c.ID == ID(id) })
		if !found || !known || pins[ID(id)].Saw != nil {
			return nil, bad("a claim is its ID, once, a colon and the verdict")
		}
		claim = ID(id)
		pins[claim] = Pin{Word: word, Saw: map[Observation]int{}}
	}
	return pins, nil
}
