package run_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

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

// heldAtLast is held when there are no more goroutines than before, or a minute
// later: one that has said that it is over takes a moment to be gone.
func heldAtLast(t *testing.T, before holdings) holdings {
	t.Helper()
	for late := time.Now().Add(time.Minute); runtime.NumGoroutine() > before.goroutines && time.Now().Before(late); {
		runtime.Gosched()
	}
	return held(t)
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
	if after := heldAtLast(t, before); after.goroutines > before.goroutines || after.descriptors > before.descriptors {
		t.Errorf("before %+v, after %+v", before, after)
	}
}

// TestReturnsAfterTheEnd: who waits at the end is who waited when the last line was
// over, also if the call returns right after that, as a timer can let it.
func TestReturnsAfterTheEnd(t *testing.T) {
	r := start(t, run.Options{Line: func(step script.Step) {
		if step.Line.Call.Verb == script.Poll {
			shutAll(t)
			for t.Context().Err() == nil && inCall(t, unix.SYS_RECVFROM) {
				runtime.Gosched()
			}
		}
	}})
	result, err := r.Run(t.Context(), parse(t, `server recv 2; client poll`))
	if err != nil || !slices.Equal(result.Answer.Waiting, []string{"server: recv 2"}) {
		t.Errorf("waiting: %q, %v\n%s", result.Answer.Waiting, err, result.Answer.Text())
	}
}

// TestAcceptedAfterTheEnd: what accept returns when the last line is over is closed.
func TestAcceptedAfterTheEnd(t *testing.T) {
	r := start(t, run.Options{Line: func(step script.Step) {
		for step.Line.Call.Verb == script.Passes && t.Context().Err() == nil && inCall(t, unix.SYS_ACCEPT4) {
			runtime.Gosched() // the client's SYN is sent again after a second
		}
	}})
	s := parse(t, `listener listen; network drops all toward listener; client connect; server accept; network passes all toward listener`)
	var after [2]int
	for i := range after {
		result, err := r.Run(t.Context(), s)
		if err != nil || !slices.Contains(result.Answer.Waiting, "server: accept") {
			t.Fatalf("%v\n%s", err, result.Answer.Text())
		}
		after[i] = held(t).descriptors
	}
	if after[0] != after[1] {
		t.Errorf("%d descriptors are open after the first time, and %d after the second", after[0], after[1])
	}
}

// shutAll shuts every connection of this process down.
func shutAll(t *testing.T) {
	t.Helper()
	shut := 0
	for _, entry := range entries(t, "/proc/self/fd") {
		fd, err := strconv.Atoi(entry)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO); err == nil && info.State == 1 &&
			unix.Shutdown(fd, unix.SHUT_RDWR) == nil {
			shut++
		}
	}
	if shut == 0 {
		t.Fatal("no connection was found")
	}
}

// inCall says whether a thread of this process is in a system call.
func inCall(t *testing.T, number int) bool {
	t.Helper()
	for _, thread := range entries(t, "/proc/self/task") {
		text, _ := os.ReadFile("/proc/self/task/" + thread + "/syscall") // it may have ended
		if strings.HasPrefix(string(text), strconv.Itoa(number)+" ") {
			return true
		}
	}
	return false
}

func entries(t *testing.T, directory string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all {
		names = append(names, entry.Name())
	}
	return names
}
