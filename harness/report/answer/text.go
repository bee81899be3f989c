package answer

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/offline"
	"github.com/resetlab/resetlab/harness/report"
)

// Options say how an answer is shown. The zero value is good for a library.
type Options struct {
	Card    report.CardOptions // how cards are drawn
	Summary bool               // no connection is told one by one
	// Most is how many connections are told one by one; 0: 3, negative: all that
	// the report lists.
	Most int
	// Number is the only connection to be told, as the report numbers it; 0: the
	// first of each kind.
	Number int
	// Run writes the command that runs a scenario; nil: "resetlab run NAME".
	Run func(scenario string) string
}

// chosen returns the connections to be told one by one: as many kinds as
// possible.
func (o *Options) chosen(r *offline.Report) []*offline.Found {
	most := o.Most
	if most == 0 {
		most = 3
	}
	var chosen []*offline.Found
	if one := r.Listed(o.Number); one != nil {
		return append(chosen, one)
	}
	if o.Summary {
		return nil
	}
	if most < 0 || most >= len(r.Found) {
		for i := range r.Found {
			chosen = append(chosen, &r.Found[i])
		}
		return append(chosen, unreachable(r, most-len(chosen))...)
	}
	if len(r.Unreachable) > 0 && most > 1 { // one place is theirs
		most--
	}
	taken := map[int]bool{}
	for round := 0; len(chosen) < most; round++ { // of each kind one, and then once more
		for i := range r.Summary {
			if numbers := r.Summary[i].Numbers; round < len(numbers) && len(chosen) < most && !taken[numbers[round]] {
				taken[numbers[round]] = true
				chosen = append(chosen, &r.Found[numbers[round]-1])
			}
		}
		if round > len(r.Found) {
			break
		}
	}
	return append(chosen, unreachable(r, 1)...)
}

// unreachable returns those that ICMP ended and are told one by one: some, or
// all if some is negative, and of each message one first.
func unreachable(r *offline.Report, some int) (chosen []*offline.Found) {
	if len(r.Unreachable) == 0 {
		return nil
	}
	if some < 0 {
		some = len(r.Unreachable)
	}
	told, others := map[string]bool{}, []*offline.Found(nil)
	for i := range r.Unreachable {
		one := &r.Unreachable[i]
		if told[one.Diagnosis.Why] {
			others = append(others, one)
			continue
		}
		told[one.Diagnosis.Why] = true
		chosen = append(chosen, one)
	}
	chosen = append(chosen, others...)
	return chosen[:min(max(some, 1), len(chosen))]
}

func (o *Options) run(scenario string) string {
	if o.Run != nil {
		return o.Run(scenario)
	}
	return "resetlab run " + scenario
}

// A page of text is written in lines of this many columns.
const usualWidth = 80

// A writer writes lines.
type writer struct {
	b     strings.Builder
	width int
}

// line writes a line.
func (w *writer) line(format string, values ...any) {
	w.b.WriteString(strings.TrimRight(fmt.Sprintf(format, values...), " "))
	w.b.WriteByte('\n')
}

// item writes a text behind a head, wrapped, with what follows below the text.
// Without text it writes nothing.
func (w *writer) item(head, text string) {
	if text == "" {
		return
	}
	indent := strings.Repeat(" ", uniseg.StringWidth(head))
	line, begun := head, false
	for word := range strings.FieldsSeq(text) {
		if begun && uniseg.StringWidth(line)+1+uniseg.StringWidth(word) > w.width {
			w.line("%s", line)
			line, begun = indent, false
		}
		if begun {
			line += " "
		}
		line, begun = line+word, true
	}
	w.line("%s", line)
}

// Text writes a report for a terminal. The error is that of writing to out.
func Text(out io.Writer, r *offline.Report, o Options) error {
	w := &writer{width: max(usualWidth, o.Card.Width)}
	w.head(r)
	chosen := o.chosen(r)
	if o.Number == 0 {
		w.summary(r)
		w.patterns(r)
	}
	for _, f := range chosen {
		if err := w.connection(r, f, &o); err != nil {
			return err
		}
	}
	if left := len(r.Found) + len(r.Unreachable) - len(chosen); o.Number == 0 && left > 0 && !o.Summary {
		w.line("")
		w.line("%s more: --connection N shows one, --most -1 all", plural(left, "connection"))
	}
	if o.Number == 0 {
		w.ends(r)
	}
	w.lacks(r)
	_, err := io.WriteString(out, w.b.String())
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// head says what was read, and what is in it.
func (w *writer) head(r *offline.Report) {
	c := r.Connections
	w.item("", fmt.Sprintf("%s in %s: %s", plural(c.All, "connection"), sources(r), resets(c)))
}

// resets says how many connections were reset.
func resets(c offline.Counts) string {
	switch {
	case c.Reset == 0:
		return "no RST"
	case c.Reset == c.All && c.All == 1:
		return "it was reset"
	case c.Reset == 1:
		return "1 was reset"
	}
	return count(c.Reset) + " were reset"
}

// sources names what was read.
func sources(r *offline.Report) string {
	var names []string
	for _, in := range r.Inputs {
		name := harmless(in.Name)
		if name == "" {
			name = "the " + in.Kind
		}
		text := fmt.Sprintf("%s (%s", name, plural(in.Segments, "segment"))
		if d := in.To.Sub(in.From); in.Segments > 0 && d > 0 {
			text += ", " + span(d)
		}
		names = append(names, text+")")
	}
	return strings.Join(names, " and ")
}

// span writes how long a capture is.
func span(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(time.Millisecond).String()
	}
	return d.Round(time.Microsecond).String()
}

// summary lists the causes.
func (w *writer) summary(r *offline.Report) {
	if len(r.Found) < 2 {
		return
	}
	w.line("")
	w.line("Who reset them, and why")
	for i := range r.Summary {
		g := &r.Summary[i]
		w.item(fmt.Sprintf("%7s  ", count(g.Count)), groupText(r, g))
	}
}

// groupText says what connections have in common that were reset alike.
func groupText(r *offline.Report, g *offline.Group) string {
	text := part(g.Part)
	if g.Part != diagnose.PartUnknown {
		text += " (" + sureness(g.Sure) + ")"
	}
	if len(g.Causes) > 0 {
		text += ": " + r.Causes[g.Causes[0]].What
		if more := len(g.Causes) - 1; more > 0 {
			text += fmt.Sprintf(", or one of %s", plural(more, "other cause"))
		}
	}
	if n := g.Harm[diagnose.Harmless]; n > 0 {
		text += fmt.Sprintf("; %s harmless", map[bool]string{true: "all", false: count(n)}[n == g.Count])
	}
	var examples []string
	for _, n := range g.Numbers {
		examples = append(examples, fmt.Sprintf("#%d", n))
	}
	if len(examples) < g.Count {
		examples = append(examples, "…")
	}
	return text + " · " + strings.Join(examples, ", ")
}

// patterns lists what the connections have in common.
func (w *writer) patterns(r *offline.Report) {
	if len(r.Patterns) == 0 {
		return
	}
	w.line("")
	w.line("What they have in common")
	for _, p := range r.Patterns {
		w.item("  - ", p.Says+". "+p.Means)
	}
}

// ends lists how the connections without a RST ended.
func (w *writer) ends(r *offline.Report) {
	if len(r.Ends) == 0 {
		return
	}
	w.line("")
	if r.Connections.Reset == 0 {
		w.line("No connection has a RST. What ended them instead")
	} else {
		w.line("How the others ended")
	}
	for _, e := range r.Ends {
		text := ended(e.End)
		if e.Early > 0 {
			text += fmt.Sprintf("; %s of them judged early, because too many were open at a time", count(e.Early))
		}
		w.item(fmt.Sprintf("%7s  ", count(e.Count)), text)
	}
}
