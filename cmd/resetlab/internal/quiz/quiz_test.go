package quiz_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/quiz"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/script/examples"
	"github.com/resetlab/resetlab/harness/script/run"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// known are the scripts of the examples and of all scenarios.
func known(t *testing.T) []script.Script {
	t.Helper()
	all, err := examples.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range catalogue.All() {
		if s.Script == "" {
			continue
		}
		some, err := script.Parse(s.Script)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
	}
	return all
}

// A kernel says what comes of the last line of a script.
type kernel struct {
	t *testing.T
	*run.Runner
}

func start(t *testing.T) kernel {
	t.Helper()
	r, err := run.New(run.Options{})
	if errors.Is(err, netlab.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return kernel{t, r}
}

func (k kernel) last(s script.Script) script.Step {
	k.t.Helper()
	result, err := k.Run(k.t.Context(), s)
	if err != nil || result.Answer.Stopped != "" {
		k.t.Fatalf("%v, %s\n%s", err, result.Answer.Stopped, s)
	}
	return result.Answer.Steps[len(result.Answer.Steps)-1]
}

// answers says whether the kernel gives the right answer to a question, and to its
// neighbours the wrong ones.
func (k kernel) answers(q quiz.Question) {
	k.t.Helper()
	step := k.last(q.Script)
	if step.Doubt == "" && q.Given(step) != q.Right {
		k.t.Errorf("%s: the kernel gives %s, right is %q\n%s", q.Name, step.Result(), q.Choices[q.Right].Text, q.Script)
	}
	for i, c := range q.Choices {
		if i == q.Right {
			continue
		}
		step := k.last(c.Neighbour)
		if step.Doubt == "" && q.Given(step) != i {
			k.t.Errorf("%s: the kernel gives %s, the wrong answer is %q\n%s", q.Name, step.Result(), c.Text, c.Neighbour)
		}
	}
}

// TestBank: most scripts have a question. A kernel gives the right answer, and
// each wrong one comes of the change that it is said to come of.
func TestBank(t *testing.T) {
	scripts := known(t)
	bank := quiz.Bank(scripts)
	t.Logf("%d questions of %d scripts", len(bank), len(scripts))
	if 10*len(bank) < 8*len(scripts) {
		t.Error("too many scripts have no question")
	}
	seen := map[string]bool{}
	for i, q := range bank {
		if i > 0 && q.Difficulty() < bank[i-1].Difficulty() {
			t.Errorf("%s is easier than the question before it", q.Name)
		}
		if seen[q.Script.String()] {
			t.Errorf("%s is asked twice", q.Name)
		}
		seen[q.Script.String()] = true
		texts := map[string]bool{}
		for i, c := range q.Choices {
			if texts[c.Text] || (c.Change == "") != (i == q.Right) {
				t.Errorf("%s: choice %d is %+v", q.Name, i+1, c)
			}
			texts[c.Text] = true
		}
		if !q.Known || q.Asked().Expect == nil {
			t.Errorf("%s: nobody has said what is right", q.Name)
		}
	}
	k := start(t)
	for _, q := range bank {
		k.answers(q)
	}
}

// TestTwins: the twin's right answer is the one that the neighbour gives.
func TestTwins(t *testing.T) {
	twins := 0
	for _, q := range quiz.Bank(known(t)) {
		for i, c := range q.Choices {
			if i == q.Right {
				continue
			}
			twin, ok := q.Twin(i)
			if !ok {
				continue
			}
			twins++
			if twin.Choices[twin.Right].Text != c.Text || twin.Known {
				t.Errorf("%s, %s: right is %q, want %q", q.Name, c.Change, twin.Choices[twin.Right].Text, c.Text)
			}
		}
	}
	if twins < 100 {
		t.Errorf("only %d twins", twins)
	}
}

// TestDealer: the same seed and the same answers give the same questions; no two
// are the same; who is right gets longer ones; and a kernel says what the model
// does.
func TestDealer(t *testing.T) {
	scripts := known(t)
	deal := func(seed uint64, right bool) (all []quiz.Question) {
		d := quiz.NewDealer(scripts, seed)
		for range 20 {
			all = append(all, d.Next())
			d.Answered(right)
		}
		return all
	}
	written := func(all []quiz.Question) (texts []string) {
		for _, q := range all {
			texts = append(texts, q.Script.String())
		}
		return texts
	}
	calls := func(all []quiz.Question) (n int) {
		for _, q := range all {
			n += len(q.Script.Lines)
		}
		return n
	}
	rising, falling := deal(7, true), deal(7, false)
	if again := written(deal(7, true)); strings.Join(again, "\n") != strings.Join(written(rising), "\n") {
		t.Error("the same seed gave other questions")
	}
	if other := written(deal(8, true)); other[0] == rising[0].Script.String() && other[1] == rising[1].Script.String() {
		t.Error("another seed gave the same questions")
	}
	seen := map[string]bool{}
	for _, text := range written(rising) {
		if seen[text] {
			t.Errorf("asked twice: %s", text)
		}
		seen[text] = true
	}
	if hard, easy := calls(rising), calls(falling); hard < 2*easy {
		t.Errorf("%d calls with right answers, %d with wrong ones", hard, easy)
	}
	k := start(t)
	for _, q := range append(rising, falling...) {
		k.answers(q)
	}
}
