package model_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/model/kernels"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/script/run"
)

// A kernel runs scripts and compares.
type kernel struct {
	t      *testing.T
	runner *run.Runner // nil: known has all answers
	known  recorded
	calls  int
	found  []kernels.Difference
	// unjudged are scripts that came out otherwise from a line on of which the
	// runner doubts whose doing it was: the model has no time, and on a busy
	// machine a timer of the kernel may have come first.
	unjudged int
}

func startKernel(t *testing.T) *kernel {
	k := &kernel{t: t, known: newRecorded()}
	if *answers != "" {
		all, err := loadAnswers(*answers)
		if err == nil {
			k.known = all
			return k
		}
		if !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
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
	k.runner = r
	return k
}

// answer is what the kernel made of a script; ok is false if it was not asked,
// and cannot be.
func (k *kernel) answer(s script.Script) (answer script.Answer, ok bool) {
	if k.runner == nil {
		known, ok := k.known.Answers[s.String()]
		answer.Stopped, answer.Waiting = known.Stopped, known.Waiting
		for i, results := range known.Results {
			answer.Steps = append(answer.Steps, script.Step{Line: s.Steps()[i], Results: results})
		}
		return answer, ok
	}
	result, err := k.runner.Run(k.t.Context(), s)
	if err != nil {
		k.t.Fatalf("%v\n%s", err, s)
	}
	if *answers != "" && doubts(result.Answer) == "" {
		known := recordedAnswer{Stopped: result.Answer.Stopped, Waiting: result.Answer.Waiting}
		for _, step := range result.Answer.Steps {
			known.Results = append(known.Results, step.Results)
		}
		k.known.Answers[s.String()] = known
	}
	return result.Answer, true
}

// differs runs a script and says how the kernel's answer differs from all that
// the model gives; empty if it does not.
func (k *kernel) differs(s script.Script) string {
	answer, ok := k.answer(s)
	if !ok {
		return ""
	}
	return k.compare(model.Outcomes(s), answer)
}

// compare counts an answer, and says how it differs from all that the model gives.
// An answer that agrees only because of a doubt is counted and shown.
func (k *kernel) compare(outcomes []script.Answer, answer script.Answer) string {
	k.calls += len(answer.Steps)
	agrees, doubted := false, false
	for _, o := range outcomes {
		doubt := model.Doubted(o, answer)
		agrees, doubted = agrees || model.Agrees(o, answer) && !doubt, doubted || doubt
	}
	if agrees {
		return ""
	}
	difference := fmt.Sprintf("kernel:\n%smodel (1 of %d):\n%s", answer.Text(), len(outcomes), outcomes[0].Text())
	if doubted {
		if k.unjudged++; k.unjudged <= 40 {
			k.t.Logf("not judged: %s\n%s", doubts(answer), difference)
		}
		return ""
	}
	k.note(outcomes[0], answer)
	return difference
}

// doubts says why an answer may be the machine's doing.
func doubts(answer script.Answer) string {
	for _, step := range answer.Steps {
		if step.Doubt != "" {
			return step.Line.String() + ": " + step.Doubt
		}
	}
	return ""
}

// TestDoubtsAreCounted: a difference that is doubted is none, but it is counted; one
// that is not doubted is one; and a doubt without a difference is neither.
func TestDoubtsAreCounted(t *testing.T) {
	s, ok := parse([]string{`server write "ab"`, `client unread`, `client read 1`})
	if !ok {
		t.Fatal("it is no script")
	}
	for _, test := range []struct {
		name      string
		change    func(unread *script.Step)
		different bool
		unjudged  int
	}{
		{"as predicted", func(*script.Step) {}, false, 0},
		{"as predicted, and doubted", func(unread *script.Step) { unread.Doubt = "a timer" }, false, 0},
		{"otherwise", func(unread *script.Step) { unread.Results = nil }, true, 0},
		{"otherwise, and doubted", func(unread *script.Step) { unread.Results, unread.Doubt = nil, "a timer" }, false, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			outcomes := model.Outcomes(s)
			answer := outcomes[0]
			answer.Steps = slices.Clone(answer.Steps)
			test.change(&answer.Steps[len(answer.Steps)-2])
			k := &kernel{t: t}
			if difference := k.compare(outcomes, answer); (difference != "") != test.different || k.unjudged != test.unjudged {
				t.Errorf("difference %q, %d not judged", difference, k.unjudged)
			}
			if len(k.found) > 0 != test.different || k.calls != len(answer.Steps) {
				t.Errorf("%d differences were noted, of %d calls", len(k.found), k.calls)
			}
		})
	}
}
