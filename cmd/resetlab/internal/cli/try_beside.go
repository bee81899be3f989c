package cli

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/script"
)

// A beside is an answer of the kernel beside what the model says: of several ways
// that it can go the one that agrees for longest.
type beside struct {
	happened, predicted script.Answer
	ways                int
	agrees              bool // as far as the model says something
}

// predictedFor puts the model's outcomes beside an answer of the kernel.
func predictedFor(outcomes []script.Answer, happened script.Answer) beside {
	b := beside{happened: happened, ways: len(outcomes)}
	longest := -1
	for _, o := range outcomes {
		if model.Agrees(o, happened) {
			return beside{happened, o, len(outcomes), true}
		}
		if n := agreed(o, happened); n > longest {
			longest, b.predicted = n, o
		}
	}
	return b
}

// agreed counts the lines up to the first that differs.
func agreed(predicted, happened script.Answer) int {
	n := 0
	for n < len(predicted.Steps) && n < len(happened.Steps) && model.Same(predicted.Steps[n], happened.Steps[n]) {
		n++
	}
	return n
}

// A row is a line with both results.
type row struct{ call, kernel, mark, model, said string }

// rows are the lines that somebody wrote, and those of the others that differ.
func (b beside) rows() []row {
	rows := []row{{"", "kernel", " ", "model", ""}}
	for i, step := range b.happened.Steps {
		// What was expected stands behind; the columns have the results.
		one := step.Line
		one.Expect = nil
		r := row{call: one.String(), kernel: step.Result(), mark: " ", model: "–"}
		if step.Verdict() == script.Differs {
			r.said = "✗ expected " + step.Line.Expect.String()
		}
		same := true
		if i < len(b.predicted.Steps) {
			r.model = b.predicted.Steps[i].Result()
			if same = model.Same(b.predicted.Steps[i], step); !same {
				r.mark = "≠"
				if step.Doubt != "" {
					r.mark, r.said = "?", step.Doubt
				}
			}
		}
		if !step.Line.Implied() || !same {
			rows = append(rows, r)
		}
	}
	return rows
}

// text writes the rows, and in a sentence whether the two agree.
func (b beside) text() string {
	var text strings.Builder
	rows := b.rows()
	var calls, results, models int
	for _, r := range rows {
		calls = max(calls, utf8.RuneCountInString(r.call))
		results = max(results, utf8.RuneCountInString(r.kernel))
		if r.said != "" {
			models = max(models, utf8.RuneCountInString(r.model))
		}
	}
	for i, r := range rows {
		arrow := "→"
		if i == 0 {
			arrow = " "
		}
		line := fmt.Sprintf("%-*s %s %-*s %s %-*s   %s", calls, r.call, arrow, results, r.kernel, r.mark, models, r.model, r.said)
		text.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	if b.happened.Stopped != "" {
		text.WriteString("kernel: stopped: " + b.happened.Stopped + "\n")
	}
	if b.predicted.Stopped != "" {
		text.WriteString("model: " + b.predicted.Stopped + "\n")
	}
	b.waiting(&text)
	text.WriteString(b.verdict() + "\n")
	return text.String()
}

// waiting writes who still waits at the end.
func (b beside) waiting(text *strings.Builder) {
	says := map[string]string{}
	var order []string
	add := func(by string, all []string) {
		for _, who := range all {
			if says[who] == "" {
				order = append(order, who)
			} else {
				by = "kernel and model"
			}
			says[who] = by
		}
	}
	add("kernel", b.happened.Waiting)
	add("model", b.predicted.Waiting)
	for _, who := range order {
		fmt.Fprintf(text, "%s still waits at the end (%s)\n", who, says[who])
	}
}

// verdict says in a sentence whether the two agree.
func (b beside) verdict() string {
	switch open := strings.HasPrefix(b.predicted.Stopped, model.NotModelled); {
	case model.Doubted(b.predicted, b.happened):
		return "kernel and model agree up to a line that came too late to be compared"
	case !b.agrees:
		n := agreed(b.predicted, b.happened)
		if n < len(b.predicted.Steps) && n < len(b.happened.Steps) {
			return "kernel and model DIFFER, first in " + place(b.happened.Steps[n].Line)
		}
		return "kernel and model DIFFER at the end"
	case open && len(b.predicted.Steps) == 0:
		return "the model says nothing of this script"
	case open:
		return fmt.Sprintf("kernel and model agree up to %s, where the model ends",
			place(b.predicted.Steps[len(b.predicted.Steps)-1].Line))
	case b.ways > 1:
		return fmt.Sprintf("kernel and model agree: it is one of the %d ways that the model has", b.ways)
	}
	return "kernel and model agree"
}

// place says where a line is.
func place(line script.Line) string {
	line.Expect = nil
	if line.Implied() {
		return line.String()
	}
	return fmt.Sprintf("line %d: %s", line.At.Line, line)
}

// beside puts the model's outcomes beside each answer of the kernel.
func (one *tried) beside() []beside {
	var all []beside
	for _, v := range one.answers {
		all = append(all, predictedFor(one.outcomes, v.Answer))
	}
	return all
}

// surprised says whether the kernel did something that the model has not.
func (one *tried) surprised() bool {
	if one.outcomes == nil {
		return false
	}
	for _, b := range one.beside() {
		if !b.agrees {
			return true
		}
	}
	return false
}

// text writes an answer, beside the model's if that was asked.
func (one *tried) text(answer script.Answer) string {
	if one.outcomes == nil {
		return terminal.Printable(answer.Text())
	}
	return terminal.Printable(predictedFor(one.outcomes, answer).text())
}

// forecast says behind a script's name whether the model agrees.
func (one *tried) forecast() string {
	switch {
	case one.outcomes == nil:
		return ""
	case one.surprised():
		return " · kernel and model DIFFER"
	}
	return " · " + one.beside()[0].verdict()
}

// instead says what answers where this machine cannot run the scripts that the
// arguments name.
func instead(err error, args []string) error {
	if !errors.Is(err, netlab.ErrUnavailable) {
		return err
	}
	of := ""
	switch {
	case len(args) == 0:
		args, of = []string{`client write "ab"; server close; client read 1`}, ", of this script for example"
	case args[0] == toStdout:
		of = ", of the same standard input"
	}
	return fmt.Errorf("%w\nA model says what Linux would do, on any machine%s; run it: %s", err, of,
		commandLine(append([]string{"predict"}, args...)...))
}
