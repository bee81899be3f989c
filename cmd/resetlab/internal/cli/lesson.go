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
	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/cmd/resetlab/internal/terminal"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
)

// A lesson asks questions and shows what happened.
type lesson struct {
	ctx   context.Context
	out   io.Writer
	lines <-chan string // what the learner types; closed at the end of input
	steps bool          // somebody sits there and presses Enter at each step
	style cardStyle
	bank  []quiz.Question                                    // where twins are looked for
	take  func(quiz.Question) ([]*evidence.Recording, error) // a run's, a fresh one unless set otherwise
	done  map[string]bool                                    // the questions asked, by ID
	score quiz.Score
	wrong []string // the specs of the questions answered wrong
}

// errQuit says that the learner has had enough.
var errQuit = errors.New("quit")

func newLesson(cmd *cobra.Command, bank []quiz.Question, style cardStyle) *lesson {
	lines := make(chan string)
	go func() { // it may wait for a line for ever, and ends with the process then
		defer close(lines)
		input := bufio.NewScanner(cmd.InOrStdin())
		for input.Scan() {
			lines <- input.Text()
		}
	}()
	l := &lesson{
		ctx: cmd.Context(), out: cmd.OutOrStdout(), lines: lines, style: style, bank: slices.Clone(bank),
		steps: terminal.Is(cmd.InOrStdin()) && terminal.Is(cmd.OutOrStdout()), done: map[string]bool{},
	}
	l.take = l.runAfresh
	return l
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
		if l.done[q.ID] {
			continue
		}
		l.done[q.ID] = true
		err := l.ask(q)
		var twin *quiz.Question
		if err == nil {
			twin, err = l.proposeTwin(q)
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

// ask asks one question, plays the recording and judges the answer. The spec
// runs while the question is read.
func (l *lesson) ask(q quiz.Question) error {
	var recordings []*evidence.Recording
	taken := make(chan error, 1)
	go func() {
		var err error
		recordings, err = l.take(q)
		taken <- err
	}()
	l.pose(q)
	if err := <-taken; err != nil {
		return err
	}
	r, seen := q.Observed(recordings)
	if seen == "" {
		fmt.Fprintf(l.out, "\n%s: this machine cannot show it, go on.\n\n", q.ID)
		return nil
	}
	answer, err := l.answer(len(q.Choices))
	if err != nil {
		return err
	}
	if err := l.play(r); err != nil {
		return err
	}
	l.judge(q, answer, seen)
	return nil
}

// pose writes the question.
func (l *lesson) pose(q quiz.Question) {
	fmt.Fprintf(l.out, "── %s · %s ──\n\n", q.Concept, q.ID)
	writeWrapped(l.out, "", q.Setup)
	fmt.Fprintln(l.out)
	for line := range strings.Lines(q.Drawing) {
		fmt.Fprintf(l.out, "    %s", line)
	}
	fmt.Fprintf(l.out, "\n%s\n", q.Ask)
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

// judge compares the answer with what was observed.
func (l *lesson) judge(q quiz.Question, answer int, seen string) {
	fmt.Fprintln(l.out)
	right := q.Right(seen)
	switch {
	case answer < 0:
		fmt.Fprintln(l.out, "Skipped.")
	case answer == right:
		fmt.Fprintf(l.out, "Right: %s.\n", q.Choices[answer].Text)
	default:
		fmt.Fprintf(l.out, "You said: %s.\n", q.Choices[answer].Text)
		writeWrapped(l.out, "  That comes from ", q.Choices[answer].Says)
	}
	switch {
	case right < 0:
		fmt.Fprintf(l.out, "Observed here: %s. No choice foresaw that.\n", seen)
	case answer != right:
		fmt.Fprintf(l.out, "Observed: %s.\n", q.Choices[right].Text)
		fallthrough
	default:
		writeWrapped(l.out, "  ", q.Choices[right].Because)
	}
	if answer >= 0 && right >= 0 {
		l.score.Add(q.Concept, answer == right)
		if answer != right {
			l.wrong = append(l.wrong, q.Spec)
		}
	}
	fmt.Fprintln(l.out)
}

// proposeTwin returns the question's twin if the learner wants it next.
func (l *lesson) proposeTwin(q quiz.Question) (*quiz.Question, error) {
	i := slices.IndexFunc(l.bank, func(t quiz.Question) bool { return t.ID == q.Twin.ID })
	if i < 0 || l.done[q.Twin.ID] {
		return nil, nil
	}
	fmt.Fprintf(l.out, "Its twin differs in one line: %s.\nTake it next? (Y/n) ", q.Twin.Differs)
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
		return &l.bank[i], nil
	}
	return nil, nil
}

// tellScore writes the score by concept, and where to look again.
func (l *lesson) tellScore() {
	marks := l.score.Marks()
	if len(marks) == 0 {
		return
	}
	fmt.Fprintln(l.out, "\nYour score, by concept")
	for _, m := range marks {
		fmt.Fprintf(l.out, "  %-26s %d of %d\n", m.Concept, m.Right, m.Asked)
	}
	for _, spec := range l.wrong {
		fmt.Fprintln(l.out, "Look again:", commandLine("run", spec))
	}
}

// runAfresh runs the question's spec and returns what was recorded.
func (l *lesson) runAfresh(q quiz.Question) ([]*evidence.Recording, error) {
	var recordings []*evidence.Recording
	var failed error
	err := suite.Run(l.ctx, suite.Order{Specs: []string{q.Spec}, Record: true}, func(r suite.Result) {
		recordings = append(recordings, r.Recordings...)
		if r.State == suite.Failed {
			failed = fmt.Errorf("%s failed: %s", q.Spec, r.Why)
		}
	})
	return recordings, errors.Join(err, failed)
}
