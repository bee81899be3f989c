package record_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
)

// delayedVariable tells a re-executed test binary that it is delayed.
const delayedVariable = "RESETLAB_TEST_DELAYED"

// A machine may stop a process anywhere and for any time. strace stops this one
// behind system calls, by which it reads clocks, its trace and its packets:
// nothing that is said of a reset may change, of a forged one neither.
func TestDelaysChangeNoVerdict(t *testing.T) {
	needs(t, open(t), evidence.Kernel)
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace, which delays system calls, is not there: apt-get install strace")
	}
	const all = "^(TestObservedSituations|TestAForgedRSTIsNobodysHere|TestAResetIsFollowedThroughTheProxy)$"
	for _, test := range []struct{ delay, run string }{
		// More than half of the second that TAI is counted in.
		{"%clock:delay_exit=700000", all + "/^(closing_with_unread_data|connecting_to_a_closed_port)$"},
		{"read:delay_exit=20000:when=1+5", all},
		{"read:delay_enter=20000:when=1+5", all},
		{"recvmsg:delay_exit=50000", all},
	} {
		t.Run(test.delay, func(t *testing.T) {
			calls, _, _ := strings.Cut(test.delay, ":")
			child := exec.CommandContext(t.Context(), strace, "-f", "-qq", "-o", os.DevNull, "-e", "signal=none",
				"-e", "trace="+calls, "-e", "inject="+test.delay, os.Args[0], "-test.v", "-test.run="+test.run,
				"-test.skip=/writing_after_the_peer_has_closed") // if its FIN is not acknowledged by then the reason is another
			child.Env = append(os.Environ(), delayedVariable+"=1")
			text, err := child.CombinedOutput()
			if strings.Contains(string(text), "PTRACE") {
				t.Skipf("nobody may trace processes here: %s", text)
			}
			if strings.Contains(string(text), "others filled the kernel's buffer") {
				t.Skipf("a quieter machine would tell: %s", text)
			}
			passed := strings.Count("\n"+string(text), "\n--- PASS: Test")
			if err != nil || strings.Contains(string(text), "--- SKIP") || passed != 3 {
				t.Errorf("%d of 3 tests passed (%v)\n%s", passed, err, text)
			}
		})
	}
}

// A trace instance that was switched off or whose clock is another proves
// nothing by what it lacks: a forged RST may then be anybody's.
func TestAKernelLaneThatIsNotWholeProvesNothing(t *testing.T) {
	for _, test := range []struct{ file, value, words string }{
		{"tracing_on", "0", "trace_marker"},
		{"trace_clock", "mono", "the clocks differ"},
	} {
		t.Run(test.file, func(t *testing.T) {
			lanes := open(t)
			needs(t, lanes, evidence.Kernel)
			r := recordRun(t, lanes, lanes.Address(), serving(readAndClose, func(t *testing.T, c *lab.Conn) {
				setInstances(t, test.file, test.value)
				forge(t, c.RemoteAddr(), c.LocalAddr())
				if err := c.AwaitFinish(t.Context()); err != nil {
					t.Error(err)
				}
			}))

			if len(r.Resets) != 1 || r.Resets[0].Level != evidence.Inferred ||
				strings.Contains(r.Resets[0].Clue, "the kernel sent no RST") {
				t.Errorf("got %v, want nothing concluded from what the kernel lane lacks", r)
			}
			if len(r.Gaps) != 1 || r.Gaps[0].Lane != evidence.Kernel || !strings.Contains(r.Gaps[0].Why, test.words) {
				t.Errorf("the gaps are %+v, want one of the kernel lane with %q", r.Gaps, test.words)
			}
		})
	}
}

// The kernel notes threads. A process has one name, also when the thread that
// sent a RST is gone.
func TestAProcessHasOneName(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Kernel)
	const resets = 4
	r := recordRun(t, lanes, lanes.Address(), func(t *testing.T, l *lab.Lab) {
		for range resets {
			serving(abort, func(t *testing.T, c *lab.Conn) {
				reset(t, c)
				abortInThreadOfItsOwn(t, l)
			})(t, l)
		}
	})
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for i := range r.Resets {
		names[r.Resets[i].By] = true
	}
	want := strings.TrimSpace(string(comm)) + "-" + filepath.Base(readlink(t, "/proc/self")) + " abort()"
	if len(r.Resets) != 2*resets || len(names) != 1 || !names[want] {
		t.Errorf("%d resets were by %v, want %d by %q", len(r.Resets), names, 2*resets, want)
	}
}

// abortInThreadOfItsOwn resets a connection in a thread that is gone then.
func abortInThreadOfItsOwn(t *testing.T, l *lab.Lab) {
	t.Helper()
	listener, err := l.Host("server").Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client := dial(t, l, listener.Addr())
	defer client.Close()
	awaitNoThread(t, inThreadOfItsOwn(func() {
		server, err := listener.Accept(t.Context())
		if err == nil {
			err = server.Abort()
		}
		if err != nil {
			t.Error(err)
		}
	}))
	reset(t, client)
}

// inThreadOfItsOwn runs do in a thread that ends then, and returns where /proc
// had it. The first thread of a process does not end.
func inThreadOfItsOwn(do func()) (path string) {
	done := make(chan string)
	go func() {
		runtime.LockOSThread() // without its counterpart the thread ends with the goroutine
		if unix.Gettid() == os.Getpid() {
			defer runtime.UnlockOSThread()
			done <- inThreadOfItsOwn(do)
			return
		}
		do()
		done <- fmt.Sprintf("/proc/self/task/%d", unix.Gettid())
	}()
	return <-done
}

// awaitNoThread waits until a thread is gone, for as long as the test may take.
func awaitNoThread(t *testing.T, path string) {
	t.Helper()
	for {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			return
		}
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
}

func readlink(t *testing.T, path string) string {
	t.Helper()
	target, err := os.Readlink(path)
	if err != nil {
		t.Fatal(err)
	}
	return target
}
