package matchers

import (
	"fmt"
	"strings"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/tcp"
)

// An EndMatcher matches a [tcp.Outcome] by the first call that failed and,
// with Then, by the calls right after it.
type EndMatcher struct {
	steps []step
}

type step struct {
	op     tcp.Op
	ending harness.Ending
}

// EndIn matches an Outcome whose first failing call was op, a call of package
// tcp such as "read", and failed with ending. Where several calls may be the
// one that notices, name them all: "connect|read".
func EndIn(op tcp.Op, ending harness.Ending) EndMatcher {
	return EndMatcher{}.Then(op, ending)
}

// Then also demands of the next call that it was op and gave ending; Open
// says that it succeeded.
func (m EndMatcher) Then(op tcp.Op, ending harness.Ending) EndMatcher {
	return EndMatcher{append(m.steps[:len(m.steps):len(m.steps)], step{op, ending})}
}

// Match compares; anything but a tcp.Outcome is an error.
func (m EndMatcher) Match(actual any) (bool, error) {
	outcome, err := outcomeOf(actual)
	if err != nil {
		return false, err
	}
	if !m.steps[0].matches(outcome.Op, outcome.Ending) {
		return false, nil
	}
	after := callsAfterFirst(outcome)
	if len(after) < len(m.steps)-1 {
		return false, nil
	}
	for i, step := range m.steps[1:] {
		if !step.matches(after[i].Op, after[i].Ending) {
			return false, nil
		}
	}
	return true, nil
}

func (s step) matches(op tcp.Op, ending harness.Ending) bool {
	if s.ending != ending {
		return false
	}
	for allowed := range strings.SplitSeq(string(s.op), "|") {
		if tcp.Op(allowed) == op {
			return true
		}
	}
	return false
}

// callsAfterFirst returns the calls behind the first that failed or closed.
func callsAfterFirst(o tcp.Outcome) []tcp.Call {
	for i, call := range o.Calls {
		if call.Ending != harness.Open || call.Op.Closes() {
			return o.Calls[i+1:]
		}
	}
	return nil
}

func outcomeOf(actual any) (tcp.Outcome, error) {
	switch outcome := actual.(type) {
	case tcp.Outcome:
		return outcome, nil
	case *tcp.Outcome:
		if outcome != nil {
			return *outcome, nil
		}
	}
	return tcp.Outcome{}, fmt.Errorf("EndIn matches a tcp.Outcome, not %T", actual)
}

// FailureMessage says what was wanted, what came, and what else was seen.
func (m EndMatcher) FailureMessage(actual any) string { return m.message(actual, "want") }

// NegatedFailureMessage says what was not wanted.
func (m EndMatcher) NegatedFailureMessage(actual any) string {
	return m.message(actual, "want anything but")
}

func (m EndMatcher) message(actual any, want string) string {
	outcome, err := outcomeOf(actual)
	if err != nil {
		return err.Error()
	}
	got := []string{outcome.First()}
	for _, call := range callsAfterFirst(outcome) {
		got = append(got, call.String())
	}
	var steps, calls []string
	for _, s := range m.steps {
		steps = append(steps, fmt.Sprintf("%s: %s", s.op, s.ending))
	}
	for _, call := range outcome.Calls {
		calls = append(calls, call.String())
	}
	lines := []string{
		fmt.Sprintf("the end at %s of %s → %s", outcome.Host, outcome.Local, outcome.Remote),
		"  " + want + "  " + strings.Join(steps, ", then "),
		"  got   " + strings.Join(got, ", then "),
		"  calls " + strings.Join(calls, " · "),
		fmt.Sprintf("  bytes %d sent, %d received", outcome.Sent, outcome.Received),
	}
	if outcome.Error != "" {
		lines = append(lines, "  error "+outcome.Error)
	}
	return strings.Join(lines, "\n")
}
