package matchers_test

import (
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A step is a call on a connection and the error that it gave.
type step struct {
	op  tcp.Op
	err error
}

// outcome is what a connection remembers of the steps.
func outcome(steps ...step) tcp.Outcome {
	record := lab.New().Host("client").Record("127.0.0.1:40000", "127.0.0.1:80")
	for _, s := range steps {
		record.Remember(s.op, time.Now(), 0, s.err)
	}
	return record.Outcome()
}

func TestEndIn(t *testing.T) {
	fine := step{tcp.Connect, nil}
	end, pipe := step{tcp.Read, io.EOF}, step{tcp.Write, syscall.EPIPE}
	reset := outcome(fine, step{tcp.Read, syscall.ECONNRESET}, end, pipe)
	written := outcome(fine, step{tcp.Write, syscall.ECONNRESET}, step{tcp.Read, nil}, end)
	closed := outcome(fine, step{tcp.Close, nil}, step{tcp.Read, syscall.ECONNRESET})
	open := outcome(fine)
	refused := outcome(step{tcp.Connect, syscall.ECONNREFUSED})
	for _, test := range []struct {
		name  string
		saw   tcp.Outcome
		match matchers.EndMatcher
		want  bool
	}{
		{"the call and the ending", reset, matchers.EndIn("read", harness.Reset), true},
		{"another call", reset, matchers.EndIn("write", harness.Reset), false},
		{"another ending", reset, matchers.EndIn("read", harness.Finished), false},
		{"a later call only", reset, matchers.EndIn("write", harness.BrokenPipe), false},
		{"one of several calls", reset, matchers.EndIn("connect|read|write", harness.Reset), true},
		{"none of several calls", reset, matchers.EndIn("connect|write", harness.Reset), false},
		{"part of a name", reset, matchers.EndIn("rea", harness.Reset), false},
		{"with the next call", reset, matchers.EndIn("read", harness.Reset).Then("read", harness.Finished), true},
		{"with the next two", reset,
			matchers.EndIn("read", harness.Reset).Then("read", harness.Finished).Then("write", harness.BrokenPipe), true},
		{"with another next call", reset, matchers.EndIn("read", harness.Reset).Then("write", harness.BrokenPipe), false},
		{"with one of several next calls", reset,
			matchers.EndIn("read", harness.Reset).Then("write|read", harness.Finished), true},
		{"with more calls than there were", reset, matchers.EndIn("read", harness.Reset).Then("read", harness.Finished).
			Then("write", harness.BrokenPipe).Then("read", harness.Finished), false},
		{"the next call succeeded", written, matchers.EndIn("write", harness.Reset).Then("read", harness.Open), true},
		{"the next call did not succeed", reset, matchers.EndIn("read", harness.Reset).Then("read", harness.Open), false},
		{"closed by itself", closed, matchers.EndIn("close", harness.Closed).Then("read", harness.Reset), true},
		{"still open", open, matchers.EndIn("read", harness.Reset), false},
		{"never connected", refused, matchers.EndIn("connect", harness.Refused), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.match.Match(test.saw)
			if got != test.want || err != nil {
				t.Errorf("Match(%v) = %v, %v, want %v", test.saw, got, err, test.want)
			}
			if got, err := test.match.Match(&test.saw); got != test.want || err != nil {
				t.Errorf("Match of its address = %v, %v, want %v", got, err, test.want)
			}
		})
	}
}

// TestThenLeavesTheMatcherAlone derives two matchers from one.
func TestThenLeavesTheMatcherAlone(t *testing.T) {
	end := step{tcp.Read, io.EOF}
	saw := outcome(step{tcp.Read, syscall.ECONNRESET}, end, end, end)
	base := matchers.EndIn("read", harness.Reset).Then("read", harness.Finished).Then("read", harness.Finished)
	right, wrong := base.Then("read", harness.Finished), base.Then("write", harness.BrokenPipe)
	for match, want := range map[*matchers.EndMatcher]bool{&base: true, &right: true, &wrong: false} {
		if got, err := match.Match(saw); got != want || err != nil {
			t.Errorf("Match = %v, %v, want %v", got, err, want)
		}
	}
}

func TestWrongType(t *testing.T) {
	for _, test := range []struct {
		actual any
		named  string
	}{
		{"read: reset", "string"},
		{syscall.ECONNRESET, "syscall.Errno"},
		{nil, "nil"},
		{(*tcp.Outcome)(nil), "*tcp.Outcome"},
	} {
		match := matchers.EndIn("read", harness.Reset)
		if got, err := match.Match(test.actual); got || err == nil || !strings.Contains(err.Error(), test.named) {
			t.Errorf("Match(%v) = %v, %v, want an error that names %s", test.actual, got, err, test.named)
		}
		if message := match.FailureMessage(test.actual); !strings.Contains(message, test.named) {
			t.Errorf("FailureMessage(%v) = %q, want it to name %s", test.actual, message, test.named)
		}
	}
}

func TestFailureMessage(t *testing.T) {
	record := lab.New().Host("client").Record("127.0.0.1:40000", "127.0.0.1:80")
	record.Remember(tcp.Connect, time.Now(), 0, nil)
	record.Remember(tcp.Write, time.Now(), 2, nil)
	record.Remember(tcp.Read, time.Now(), 0, syscall.ECONNRESET)
	record.Remember(tcp.Read, time.Now(), 0, io.EOF)
	match := matchers.EndIn("write", harness.Reset).Then("write", harness.BrokenPipe)
	const end, rest = "the end at client of 127.0.0.1:40000 → 127.0.0.1:80\n", `
  got   read: reset, then read: finished
  calls connect: ok · write: 2 bytes · read: reset · read: finished
  bytes 2 sent, 0 received
  error connection reset by peer`

	for _, test := range []struct{ name, got, want string }{
		{"FailureMessage", match.FailureMessage(record.Outcome()),
			end + "  want  write: reset, then write: broken-pipe" + rest},
		{"NegatedFailureMessage", match.NegatedFailureMessage(record.Outcome()),
			end + "  want anything but  write: reset, then write: broken-pipe" + rest},
	} {
		if test.got != test.want {
			t.Errorf("%s =\n%s\nwant\n%s", test.name, test.got, test.want)
		}
	}
}
