package claims

import (
	"cmp"
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

// PinsBy are pins by the real programs, with their versions, that they were found
// with: "haproxy 2.6, java 17". Those of toy programs are by "".
type PinsBy map[string]Pins

// Pinned returns what a run found about each claim that it judged.
func Pinned(runs []Run) PinsBy {
	all := PinsBy{}
	for _, c := range All() {
		for _, verdict := range append(JudgeReal(c, runs), Judge(c, runs)) {
			if !verdict.Judged() {
				continue
			}
			if all[verdict.By] == nil {
				all[verdict.By] = Pins{}
			}
			all[verdict.By].add(verdict, runs)
		}
	}
	return all
}

// add adds a verdict with what it rests on.
func (p Pins) add(v Verdict, runs []Run) {
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
// expected, and as news what is so with a version of a program that nothing is
// known of, compared with one that something is known of. What was not judged is
// passed over.
func (p PinsBy) Changes(expected PinsBy) (changes, news []string) {
	for _, by := range slices.Sorted(maps.Keys(p)) {
		if pins, measured := expected[by]; measured {
			changes = append(changes, p[by].changes(by, pins)...)
			continue
		}
		other := slices.DeleteFunc(slices.Sorted(maps.Keys(expected)), func(other string) bool {
			return !slices.Equal(withoutVersions(other), withoutVersions(by))
		})
		if len(other) == 0 {
			news = append(news, fmt.Sprintf("nothing was measured with %s: %d verdicts", cmp.Or(by, "toy programs"), len(p[by])))
			continue
		}
		newest := other[len(other)-1]
		lines := p[by].changes(by, expected[newest])
		news = append(news, fmt.Sprintf("%s was not measured: %d of %d verdicts are not those of %s", by, len(lines), len(p[by]), newest))
		news = append(news, lines...)
	}
	return changes, news
}

// withoutVersions returns the names of programs.
func withoutVersions(by string) (names []string) {
	for program := range strings.SplitSeq(by, ", ") {
		name, _, _ := strings.Cut(program, " ")
		names = append(names, name)
	}
	return names
}

// changes are the changes of what was found by these programs.
func (p Pins) changes(by string, expected Pins) []string {
	var lines []string
	for _, c := range All() {
		found, judged := p[c.ID]
		pinned, known := expected[c.ID]
		about := Verdict{Claim: c.ID, By: by}.about()
		switch {
		case !judged:
		case !known:
			lines = append(lines, fmt.Sprintf("%s · %s, and nothing was expected", about, found.Word))
		case found.Word != pinned.Word:
			lines = append(lines, fmt.Sprintf("%s · %s, and not: %s", about, found.Word, pinned.Word))
		case !maps.Equal(found.Saw, pinned.Saw):
			lines = append(lines, fmt.Sprintf("%s · %s as before, by other observations: %s, and not: %s",
				about, found.Word, strings.Join(found.lines(), ", "), strings.Join(pinned.lines(), ", ")))
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
// claim, and below it, indented, one for each observation. What was found with
// real programs stands below a line with them in brackets.
func (p PinsBy) String() string {
	var text strings.Builder
	for _, by := range slices.Sorted(maps.Keys(p)) {
		if by != "" {
			fmt.Fprintf(&text, "[%s]\n", by)
		}
		for _, c := range All() {
			if pin, judged := p[by][c.ID]; judged {
				fmt.Fprintf(&text, "%s: %s\n", c.ID, pin.Word)
				for _, line := range pin.lines() {
					fmt.Fprintf(&text, "  %s\n", line)
				}
			}
		}
	}
	return text.String()
}

// ParsePins reads what String writes. Empty lines, and lines that begin with #,
// say nothing. The error names the line that it does not understand.
func ParsePins(text string) (PinsBy, error) {
	pins, by, claim, number := PinsBy{}, "", ID(""), 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		why := ""
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			by, claim = strings.TrimSuffix(line[1:], "]"), ""
			if by == "" || line != "["+by+"]" || pins[by] != nil {
				why = "programs stand in brackets, once, with their versions"
			}
			pins[by] = Pins{}
		case strings.HasPrefix(line, "  "):
			if claim == "" || !pins[by][claim].parse(claim, line[2:]) {
				why = "an observation is a number, × and what was seen, below its claim"
			}
		default:
			id, word, found := strings.Cut(line, ": ")
			claim = ID(id)
			known := slices.ContainsFunc(All(), func(c Claim) bool { return c.ID == claim })
			if !found || !known || pins[by][claim].Saw != nil {
				why = "a claim is its ID, once, a colon and the verdict"
			}
			if pins[by] == nil {
				pins[by] = Pins{}
			}
			pins[by][claim] = Pin{Word: word, Saw: map[Observation]int{}}
		}
		if why != "" {
			return nil, fmt.Errorf("line %d: %q: %s", number, line, why)
		}
	}
	return pins, nil
}

// parse adds an observation of a claim, and says whether the line is one.
func (p Pin) parse(claim ID, line string) bool {
	count, saw, found := strings.Cut(line, " × ")
	times, err := strconv.Atoi(count)
	if !found || err != nil || times < 1 {
		return false
	}
	saw, condition, _ := strings.Cut(saw, ifMark)
	p.Saw[Observation{claim, saw, condition}] += times
	return true
}
