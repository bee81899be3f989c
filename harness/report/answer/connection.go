package answer

import (
	"fmt"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/offline"
	"github.com/resetlab/resetlab/harness/report"
)

// A fact is a line of the answer on one connection.
type fact struct{ name, text string }

// facts is the answer on one connection.
func facts(r *offline.Report, f *offline.Found, o *Options) []fact {
	d := &f.Diagnosis
	all := []fact{
		{"who", who(d)},
		{"why", d.Why},
		{"decided", d.Clue},
	}
	if d.End != diagnose.EndReset {
		all[0] = fact{"ended", "without a RST" + sure(d.Sure)}
	}
	all = append(all, causesOf(r, d)...)
	all = append(all,
		fact{"settles", d.Settle},
		fact{"matters", harm(&d.Harm)},
		fact{"client saw", saw(&d.Client)},
		fact{"server saw", saw(&d.Server)},
		fact{"stacks", stacks(d)},
	)
	if len(d.Causes) > 0 {
		first, when := r.Causes[d.Causes[0]], ""
		if d.SureOfCause == diagnose.Undecided && len(d.Causes) > 1 {
			when = "if it is " + d.Causes[0] + ": "
		}
		all = append(all, fact{"cure", when + first.Cure})
		if first.Scenario != "" {
			all = append(all, fact{"see it", o.run(first.Scenario)})
		}
	}
	all = append(all, fact{"watch", watch(d)}, fact{"not shown", lacking(f)})
	var some []fact
	for _, one := range all {
		if one.text != "" {
			some = append(some, one)
		}
	}
	return some
}

// inFull is how many of the other causes are told in words.
const inFull = 3

// causesOf names the cause and what else it can be.
func causesOf(r *offline.Report, d *offline.Diagnosis) []fact {
	if len(d.Causes) == 0 {
		return nil
	}
	first, others := causeText(r, d.Causes[0]), d.Causes[1:]
	switch {
	case d.SureOfCause != diagnose.Undecided:
		first += sure(d.SureOfCause)
	case len(others) > 0:
		first = fmt.Sprintf("one of %d that look alike, the likeliest %s", len(d.Causes), first)
	}
	var told []string
	for _, name := range others[:min(inFull, len(others))] {
		told = append(told, causeText(r, name))
	}
	text := strings.Join(told, "; ")
	if len(others) > inFull {
		text += "; or " + strings.Join(others[inFull:], ", ")
	}
	return []fact{{"cause", first}, {"or", text}}
}

// sure says behind something how sure it is.
func sure(s diagnose.Sureness) string {
	if s == "" {
		return ""
	}
	return " · " + sureness(s)
}

// causeText names a cause and says what it is.
func causeText(r *offline.Report, name string) string {
	if what := r.Causes[name].What; what != "" {
		return name + ": " + what
	}
	return name
}

// stacks says which TCPs the ends seem to have.
func stacks(d *offline.Diagnosis) string {
	var ends []string
	for _, end := range []struct {
		name string
		of   *offline.EndView
	}{{"client", &d.Client}, {"server", &d.Server}} {
		if end.of.System == "" || end.of.System == diagnose.UnknownSystem {
			continue
		}
		text := fmt.Sprintf("%s: %s, %s", end.name, end.of.System, sureness(end.of.SystemSure))
		if end.of.SystemClue != "" {
			text += " (" + end.of.SystemClue + ")"
		}
		ends = append(ends, text)
	}
	return strings.Join(ends, "; ")
}

// lacking says what the capture does not show of the connection.
func lacking(f *offline.Found) string {
	var texts []string
	for _, l := range f.Diagnosis.Lacks {
		texts = append(texts, string(l))
	}
	if f.Guessed {
		texts = append(texts, "which end is the client: guessed by the ports")
	}
	return strings.Join(texts, "; ")
}

// title names a connection.
func title(f *offline.Found) string {
	text := fmt.Sprintf("#%d  %s → %s", f.Number, f.Client, f.Server)
	if f.NAT != "" {
		text += " (behind a NAT: " + f.NAT + ")"
	}
	return text
}

// connection writes the card of a connection and the answer.
func (w *writer) connection(r *offline.Report, f *offline.Found, o *Options) error {
	w.line("")
	card := o.Card
	card.Bare = true
	if f.Recording != nil {
		var text strings.Builder
		if err := report.Card(&text, f.Recording, card); err != nil {
			return err
		}
		w.b.WriteString(text.String())
	} else {
		w.line(" %s", title(f))
		w.line(" (no card: more connections than are drawn; --only %s chooses it)", f.Client)
	}
	w.item(" connection  ", fmt.Sprintf("#%d, %s", f.Number, sent(f)))
	for _, one := range facts(r, f, o) {
		w.item(fmt.Sprintf(" %-12s", one.name), one.text)
	}
	return nil
}

// sent says what the two ends sent.
func sent(f *offline.Found) string {
	text := fmt.Sprintf("%s by the client, %s by the server", plural(f.Sent.ClientBytes, "byte"), plural(f.Sent.ServerBytes, "byte"))
	if again := f.Sent.ClientAgain + f.Sent.ServerAgain; again > 0 {
		text += ", " + plural(again, "segment") + " sent again"
	}
	if f.Resets > 1 {
		text += ", " + plural(f.Resets, "RST") + " of which the first is told"
	}
	return text
}
