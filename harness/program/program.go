package program

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// A Program is one that was started. Its methods may be called by several
// goroutines at the same time.
type Program struct {
	name  string
	dir   string // the supervisor's
	files bool   // it has files of its own below /etc and /run
	pid   int
	run   running
	lines *lines

	exited chan struct{} // closed when the program itself has ended
	err    error         // how; to be read then, as is when
	at     time.Time
	gone   chan struct{} // closed when nothing runs any more that the supervisor has started until then
	once   sync.Once
}

// running is what a system does with a program that runs.
type running interface {
	signal(syscall.Signal) error
	// stop ends it as Program.Stop does.
	stop(grace time.Duration) (killed int, err error)
	// pause and resume are as Program's.
	pause(context.Context) error
	resume() error
	// listening says whether it, or what it has started, listens there.
	listening(netip.AddrPort) (bool, error)
	// unaccepted returns how many bytes are unread at each connection to the
	// address that nobody has accepted.
	unaccepted(netip.AddrPort) ([]uint32, error)
}

func newProgram(c Command) *Program {
	return &Program{
		name: filepath.Base(c.Args[0]), lines: &lines{closed: make(chan struct{})},
		exited: make(chan struct{}), gone: make(chan struct{}),
	}
}

// PID is its process id, as this process sees it.
func (p *Program) PID() int { return p.pid }

// Exited is closed when the program itself has ended; what it has started may
// still run.
func (p *Program) Exited() <-chan struct{} { return p.exited }

// Err waits until the program itself has ended and returns how: nil if it
// exited with status 0, otherwise an *[ExitError], or why that is not known.
func (p *Program) Err() error {
	<-p.exited
	return p.err
}

// Ended waits until the program itself has ended and returns when this process
// learned of it.
func (p *Program) Ended() time.Time {
	<-p.exited
	return p.at
}

// Signal sends a signal to the program itself. It does nothing if that has
// ended.
func (p *Program) Signal(s syscall.Signal) error { return p.run.signal(s) }

// Stop ends the program and everything that it has started. If it runs, it and
// its process group get SIGTERM, and it has the grace to end; then they get it
// once more, as a program can miss it that was about to wait, and it has another
// second, or its grace if that is shorter. What it has started may then live on
// for another grace. On Linux a grace passes only while the machine runs them, up
// to 20 s. Who is still there is killed. It returns how many processes had to be,
// when they are gone and their output is read. While other programs of the
// supervisor run, a process that has left both its session and its parents is
// ended only with the last of them.
func (p *Program) Stop(grace time.Duration) (killed int, err error) {
	killed, err = p.run.stop(grace)
	<-p.exited
	p.lines.awaitEnd()
	return killed, err
}

// Pause stops the program and everything that it has started for a time, as job
// control does (SIGSTOP), and returns when nothing of it runs. What it was waiting
// for in the kernel may come back with EINTR when it goes on, as after any such
// stop: signal(7) says which calls do. An error that wraps os.ErrProcessDone says
// that the program itself has ended; what it has left running is paused. One that
// wraps errors.ErrUnsupported says that this system cannot say whether something
// runs.
func (p *Program) Pause(ctx context.Context) error {
	if err := p.run.pause(ctx); err != nil {
		return err
	}
	select {
	case <-p.exited:
		return fmt.Errorf("pause %s: %w", p.name, os.ErrProcessDone)
	default:
		return nil
	}
}

// Resume lets everything go on that was paused (SIGCONT), and ends a Pause that
// is not over.
func (p *Program) Resume() error { return p.run.resume() }

// Lines returns what the program has said so far: the first 256 KiB and the
// last, each line up to 16 KiB, and how many lines were dropped between. It has
// nothing of an output that goes elsewhere.
func (p *Program) Lines() (kept []Line, dropped int) { return p.lines.all() }

// Drained is closed when the program's output has ended: nobody has it any
// more.
func (p *Program) Drained() <-chan struct{} { return p.lines.closed }

// end notes how the program ended.
func (p *Program) end(err error) {
	p.once.Do(func() {
		p.err, p.at = err, time.Now()
		close(p.exited)
	})
}
