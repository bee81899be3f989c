package run_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/script/run"
)

// TestBound: a script that waits for ever ends by its bound, with what it waited
// for.
func TestBound(t *testing.T) {
	r := start(t, run.Options{Bound: time.Second}) // enough for a busy machine to come to the line
	for _, test := range []struct{ text, want string }{
		{`client await data within 600s`, "client await data within 600s: it took longer than 1s"},
		{`client close; client await gone within 600s`, "client await gone within 600s: it took longer than 1s"},
		{`client read 1; client returns within 600s`, "client returns within 600s: it took longer than 1s"},
	} {
		result, err := r.Run(t.Context(), parse(t, test.text))
		if err != nil || !strings.Contains(result.Answer.Stopped, test.want) {
			t.Errorf("%s: got %q, %v; want %q", test.text, result.Answer.Stopped, err, test.want)
		}
	}
}

// TestInterrupted: a run ends with its context.
func TestInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	r := start(t, run.Options{Line: func(step script.Step) {
		if step.Line.Call.Verb == script.Read {
			interrupt(errors.New("somebody pressed Ctrl-C"))
		}
	}})
	result, err := r.Run(ctx, parse(t, `client/a read 1; client/b await data within 600s`))
	if err != nil || !strings.Contains(result.Answer.Stopped, "somebody pressed Ctrl-C") {
		t.Errorf("got %q, %v", result.Answer.Stopped, err)
	}
	if len(result.Answer.Waiting) != 1 || result.Answer.Waiting[0] != "client/a: read 1" {
		t.Errorf("at the end waits %q", result.Answer.Waiting)
	}
}

// holdings are what a runner could leave behind.
type holdings struct{ goroutines, descriptors int }

func held(t *testing.T) (h holdings) {
	t.Helper()
	count := func(path string) int {
		entries, err := os.ReadDir(path)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	return holdings{runtime.NumGoroutine(), count("/proc/self/fd")}
}

// TestNothingIsLeft: whatever a script leaves waiting and open, nothing is left
// when the runner is closed; and scripts use the same threads again.
func TestNothingIsLeft(t *testing.T) {
	const text = `listener listen; client connect; server accept; client dup as copy; client/a read 10; client/b poll for PRI forever; server/a recv 5 waitall
		listener/a read 1; server2 accept; client write 10000000; client/c close; server/b watch IN; server/b drain
		server/b shutdown both; client2 connect; client2 set linger 1s; network drops all toward client2`
	before := held(t)
	for range 3 {
		r, err := run.New(run.Options{})
		if err != nil {
			t.Skip(err)
		}
		for range 5 {
			result, err := r.Run(t.Context(), parse(t, text))
			if err != nil || result.Answer.Stopped != "" {
				t.Errorf("%v, %s", err, result.Answer.Text())
			}
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if err := r.Close(); err != nil {
			t.Errorf("closed again: %v", err)
		}
	}
	if after := held(t); after.goroutines > before.goroutines || after.descriptors > before.descriptors {
		t.Errorf("before %+v, after %+v", before, after)
	}
}
