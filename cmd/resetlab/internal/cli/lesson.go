package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/quiz"
	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
	"github.com/resetlab/resetlab/harness/script"
	scripts "github.com/resetlab/resetlab/harness/script/run"
)

// A lesson asks questions and shows what happened.
type lesson struct {
	ctx    context.Context
	out    io.Writer
	lines  <-chan string // what the learner types; closed at the end of input
	steps  bool          // somebody sits there and presses Enter at each step
	style  cardStyle
	runner *scripts.Runner // nil: no script can be run here
	done   map[string]bool // the scripts that were asked about
	score  quiz.Score
	wrong  []quiz.Question // those answered wrong
}

// errQuit says that the learner has had enough.
var errQuit = errors.New("quit")

func startLesson(cmd *cobra.Command, style cardStyle) *lesson {
	lines := make(chan string)
	go func() { // it may wait for a line for ever, and ends with the process then
		defer close(lines)
		input := bufio.NewScanner(cmd.InOrStdin())
		for input.Scan() {
			lines <- input.Text()
		}
	}()
	return &lesson{
		ctx: cmd.Context(), out: cmd.OutOrStdout(), lines: lines, style: style, done: map[string]bool{},
		steps: terminal.Is(cmd.InOrStdin()) && terminal.Is(cmd.OutOrStdout()),
	}
}

func (l *lesson) close() error {
	if l.runner == nil {
		return nil
	}
	return l.runner.Close()
}

// line waits for what the learner types. The end of input is errQuit.
func (l *lesson) line() (string, error) {
	select {
	case <-l.ctx.Done():
		return "", l.ctx.Err()
	case text, ok := <-l.lines:
		if !ok {
			return "", errQuit
		}
		return strings.TrimSpace(text), nil
	}
}

// teach asks the questions, twins right behind each other if the learner
// wants, and tells the score.
func (l *lesson) teach(questions []quiz.Question) error {
	for len(questions) > 0 {
		q := questions[0]
		questions = questions[1:]
		if l.done[q.Script.String()] {
			continue
		}
		answer, err := l.ask(q, q.Name)
		var twin *quiz.Question
		if err == nil {
			twin, err = l.proposeTwin(q, answer)
		}
		if errors.Is(err, errQuit) {
			break
		}
		if err != nil {
			return err
		}
		if twin != nil {
			questions = append([]quiz.Question{*twin}, questions...)
		}
	}
	l.tellScore()
	return nil
}

// deal asks without end.
func (l *lesson) deal(dealer *quiz.Dealer) error {
	for {
		q := dealer.Next()
		right := l.score.Right()
		answer, err := l.ask(q, fmt.Sprintf("level %d", dealer.Level))
		if errors.Is(err, errQuit) {
			l.tellScore()
			return nil
		}
		if err != nil {
			return err
		}
		if answer >= 0 {
			dealer.Answered(l.score.Right() > right)
		}
	}
}

// ask asks one question, shows what happened and judges the answer, which it
// returns. The script runs while the question is read.
func (l *lesson) ask(q quiz.Question, head string) (answer int, err error) {
	l.done[q.Script.String()] = true
	var result scripts.Result
	taken := make(chan error, 1)
	go func() {
		var err error
		if l.runner != nil {
			result, err = l.runner.Run(l.ctx, q.Script)
		}
		taken <- err
	}()
	l.pose(q, head)
	answer, err = l.answer(len(q.Choices))
	if failed := <-taken; failed != nil && l.ctx.Err() == nil {
		return answer, failed
	}
	if err != nil {
		return answer, err
	}
	if err := l.play(result.Recording); err != nil {
		return answer, err
	}
	l.judge(q, answer, result.Answer)
	return answer, nil
}

// pose writes the question.
func (l *lesson) pose(q quiz.Question, head string) {
	fmt.Fprintf(l.out, "── %s ──\n\n", head)
	open := script.Script{Lines: slices.Clone(q.Script.Lines)}
	asked := &open.Lines[len(open.Lines)-1]
	asked.Expect = &script.Expectation{Any: []script.Pattern{{Kind: script.Word, Word: "?"}}}
	for line := range strings.Lines(open.String()) {
		fmt.Fprintf(l.out, "    %s", line)
	}
	fmt.Fprintln(l.out)
	for i, c := range q.Choices {
		fmt.Fprintf(l.out, "  %d  %s\n", i+1, c.Text)
	}
}

// answer returns the index of the choice that the learner takes, -1 for none.
func (l *lesson) answer(choices int) (int, error) {
	for {
		fmt.Fprintf(l.out, "Your prediction (1-%d, Enter skips, q quits): ", choices)
		text, err := l.line()
		if !l.steps {
			fmt.Fprintln(l.out, text)
		}
		switch n, bad := strconv.Atoi(text); {
		case err != nil:
			return 0, err
		case text == "":
			return -1, nil
		case strings.EqualFold(text, "q"):
			return 0, errQuit
		case bad == nil && n >= 1 && n <= choices:
			return n - 1, nil
		}
	}
}

// play shows the card, on a terminal one step at a time.
func (l *lesson) play(r *evidence.Recording) error {
	fmt.Fprintln(l.out)
	if r == nil {
		return nil
	}
	if !l.steps {
		return l.style.draw(l.out, r)
	}
	fmt.Fprintln(l.out, "What happened (Enter: the next step, g: all the rest)")
	steps := report.CardSteps(r, l.style.options(l.out))
	skip := false
	for i, step := range steps {
		if skip || i+1 == len(steps) {
			fmt.Fprint(l.out, step)
			continue
		}
		fmt.Fprint(l.out, strings.TrimSuffix(step, "\n")) // Enter ends the line
		text, err := l.line()
		if err != nil {
			return err
		}
		skip = text == "g"
	}
	return nil
}

// judge compares the answer with what this kernel gave or, without it, with what
// is known.
func (l *lesson) judge(q quiz.Question, answer int, happened script.Answer) {
	right, gave, by := q.Right, q.Choices[q.Right].Text, "by a model of Linux, which no kernel was asked about"
	if q.Known {
		by = "as a kernel has shown to who wrote the script"
	}
	if last := len(happened.Steps) - 1; last >= 0 && happened.Stopped == "" && happened.Steps[last].Doubt == "" {
		right, gave, by = q.Given(happened.Steps[last]), happened.Steps[last].Result(), "on this kernel"
	} else if happened.Stopped != "" {
		fmt.Fprintf(l.out, "\nThe script could not be run: %s\n", terminal.Printable(happened.Stopped))
	}
	fmt.Fprintln(l.out)
	switch {
	case answer < 0:
		fmt.Fprintln(l.out, "Skipped.")
	case answer == right:
		fmt.Fprintf(l.out, "Right: %s, %s.\n", gave, by)
	default:
		fmt.Fprintf(l.out, "You said: %s.\n", q.Choices[answer].Text)
		if change := q.Choices[answer].Change; change != "" {
			writeWrapped(l.out, "  ", "That would come with this: "+change+".")
		}
	}
	if answer != right {
		fmt.Fprintf(l.out, "Observed: %s, %s.\n", gave, by)
	}
	switch {
	case right < 0:
		writeWrapped(l.out, "  ", "No choice foresaw that: this kernel differs from the one that was known.")
	case right == q.Right:
		for _, remark := range q.Remarks {
			writeWrapped(l.out, "  ", remark)
		}
	}
	if answer >= 0 && right >= 0 {
		l.score.Add(string(q.Asked().Call.Verb), answer == right)
		if answer != right {
			l.wrong = append(l.wrong, q)
		}
	}
	fmt.Fprintln(l.out)
}

// proposeTwin returns the question's twin if the learner wants it next. What a
// wrong answer has told already is none.
func (l *lesson) proposeTwin(q quiz.Question, answer int) (*quiz.Question, error) {
	for i, c := range q.Choices {
		if i == answer || c.Change == "" {
			continue
		}
		twin, ok := q.Twin(i)
		if !ok || l.done[twin.Script.String()] {
			continue
		}
		fmt.Fprintf(l.out, "Its twin is this: %s.\nTake it next? (Y/n) ", c.Change)
		text, err := l.line()
		if !l.steps {
			fmt.Fprintln(l.out, text)
		}
		switch {
		case err != nil:
			return nil, err
		case strings.EqualFold(text, "q"):
			return nil, errQuit
		case text == "" || strings.EqualFold(text, "y"):
			return &twin, nil
		}
		break
	}
	return nil, nil
}

// tellScore writes the score by the calls that were asked about, and where to
// look again.
func (l *lesson) tellScore() {
	marks := l.score.Marks()
	if len(marks) == 0 {
		return
	}
	fmt.Fprintln(l.out, "\nYour score, by call")
	for _, m := range marks {
		fmt.Fprintf(l.out, "  %-12s %d of %d\n", m.About, m.Right, m.Asked)
	}
	for _, q := range l.wrong {
		fmt.Fprintln(l.out, "Look again:", commandLine("try", oneLine(q.Script)))
	}
}
