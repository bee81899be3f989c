package program_test

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/program"
)

func TestStop(t *testing.T) {
	for _, c := range []struct {
		name, script string
		grace        time.Duration
		killed       int
		end          string
	}{
		{"it heeds SIGTERM", `echo ready; exec sleep 1000`, time.Minute, 0, "signal: terminated"},
		{"it cleans up", `trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done`, time.Minute, 0, "exit status 3"},
		{"it misses the first", `trap 'trap "exit 4" TERM' TERM; echo ready; while :; do sleep 0.01; done`, time.Second, 0, "exit status 4"},
		{"its group heeds it, too", `sleep 1000 & echo ready; sleep 1000`, time.Minute, 0, "signal: terminated"},
		{"it ignores SIGTERM", `trap '' TERM; echo ready; while :; do sleep 0.01; done`, 0, 1, "signal: killed"},
		{"its child does", `(trap '' TERM; echo ready; exec sleep 1000) & exec sleep 1000`, 0, 1, "signal: terminated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := supervise(t, program.Options{})
			p := start(t, s, shell(c.script))
			if _, err := p.AwaitLine(within(t), saying("ready")); err != nil {
				t.Fatal(err)
			}
			killed, err := p.Stop(c.grace)
			if err != nil || killed < min(c.killed, 1) || c.killed == 0 && killed > 0 {
				t.Errorf("%d were killed, %v; want %d", killed, err, c.killed)
			}
			if err := p.Err(); err == nil || c.grace > 0 && err.Error() != c.end {
				t.Errorf("it ended with %v, want %s", err, c.end)
			}
			if again, err := p.Stop(c.grace); again != 0 || err != nil {
				t.Errorf("stopped again %d were killed, %v", again, err)
			}
		})
	}
}

func TestSignals(t *testing.T) {
	s := supervise(t, program.Options{})
	p := start(t, s, shell(`trap 'echo usr1' USR1; echo ready; while :; do sleep 0.01; done`))
	for i, step := range []struct{ want string }{{"ready"}, {"usr1"}} {
		if i > 0 {
			if err := p.Signal(syscall.SIGUSR1); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.AwaitLine(within(t), saying(step.want)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Kill(p.PID(), syscall.SIGKILL); err != nil {
		t.Errorf("PID %d: %v", p.PID(), err)
	}
	var exit *program.ExitError
	if err := p.Err(); !errors.As(err, &exit) || exit.Signal != syscall.SIGKILL {
		t.Errorf("it ended with %v, want SIGKILL", err)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("a signal to a program that has ended: %v", err)
	}
}

// TestAGraceIsOfTheProgramsOwnTime: what ends too late because a busy processor
// did not run it has not outlived its grace.
func TestAGraceIsOfTheProgramsOwnTime(t *testing.T) {
	const takesSome = `trap 'i=0; while [ $i -lt 4000 ]; do i=$((i+1)); done; exit 3' TERM; sleep 1000 & echo ready; wait`
	s := supervise(t, program.Options{})
	p := start(t, s, shell(takesSome))
	if _, err := p.AwaitLine(within(t), saying("ready")); err != nil {
		t.Fatal(err)
	}
	other := supervise(t, program.Options{})
	var allowed, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		t.Fatal(err)
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if allowed.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	busy := start(t, other, shell(`while :; do :; done`))
	for _, pid := range []int{busy.PID(), p.PID()} {
		if err := unix.SchedSetaffinity(pid, &one); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Setpriority(unix.PRIO_PROCESS, p.PID(), 19); err != nil { // 1/70 of the processor is left for it
		t.Fatal(err)
	}
	killed, err := p.Stop(50 * time.Millisecond)
	if killed != 0 || err != nil || p.Err() == nil || p.Err().Error() != "exit status 3" {
		t.Errorf("%d were killed, %v; it ended with %v", killed, err, p.Err())
	}
}
