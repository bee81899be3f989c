//go:build !linux

package program

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// A Supervisor starts programs. Its methods may be called by several goroutines
// at the same time. It is no process here, and what this process leaves when it
// is killed stays.
type Supervisor struct {
	dir string

	mu       sync.Mutex
	programs []*Program
	closed   bool
}

// Supervise makes a private directory. An error that wraps ErrUnavailable says
// that programs cannot run as the options want.
func Supervise(_ context.Context, o Options) (*Supervisor, error) {
	if o.User != 0 || o.Namespace != nil || len(o.Files) > 0 {
		const refused = "run programs as another user, in a namespace, or with files of their own: %w: it takes Linux"
		return nil, fmt.Errorf(refused, ErrUnavailable)
	}
	if o.NoDir {
		return &Supervisor{}, nil
	}
	dir, err := os.MkdirTemp(o.temporary(), "resetlab-program-")
	return &Supervisor{dir: dir}, err
}

// Dir is the private directory, empty if there is none. Close removes it.
func (s *Supervisor) Dir() string { return s.dir }

// Start starts a program.
func (s *Supervisor) Start(ctx context.Context, c Command) (*Program, error) {
	path, c, err := c.resolved(s.dir)
	if err != nil {
		return nil, err
	}
	streams, err := c.streams()
	if err != nil {
		return nil, err
	}
	p := newProgram(c)
	p.dir = s.dir
	b := beside{p, exec.Command(path)}
	b.cmd.Args, b.cmd.Env, b.cmd.Dir, b.cmd.ExtraFiles = c.Args, c.Env, c.Dir, c.Files
	b.cmd.Stdout, b.cmd.Stderr, b.cmd.SysProcAttr = streams[0].theirs, streams[1].theirs, ownGroup()
	if c.Stdin != nil {
		b.cmd.Stdin = c.Stdin
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err = ctx.Err()
	if s.closed {
		err = errors.New("the supervisor is closed")
	}
	if err == nil {
		err = b.cmd.Start()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", c.Args[0], err), streams[0].discard(), streams[1].discard())
	}
	p.run, p.pid = b, b.cmd.Process.Pid
	p.read(streams)
	s.programs = append(s.programs, p)
	go b.wait()
	return p, nil
}

// Close kills all programs, and what is in their process groups, and removes the
// directory. A second Close does nothing.
func (s *Supervisor) Close() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	for _, p := range s.programs {
		p.Signal(syscall.SIGKILL)
		_, stopErr := p.Stop(0)
		err = errors.Join(err, stopErr)
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// beside is a program that is this process's child.
type beside struct {
	p   *Program
	cmd *exec.Cmd
}

// wait awaits the program's end.
func (b beside) wait() {
	err := b.cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = exitError(exit.ProcessState)
	}
	b.p.end(err)
	close(b.p.gone) // as far as is known here
}

func exitError(state *os.ProcessState) error {
	e := &ExitError{Code: state.ExitCode()}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		e.Signal = status.Signal()
	}
	return e
}

func (b beside) signal(s syscall.Signal) error {
	if err := b.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s: %w", b.p.name, err)
	}
	return nil
}

func (b beside) stop(grace time.Duration) (killed int, err error) {
	select {
	case <-b.p.exited:
	default:
		if !b.ask(grace) && !b.ask(min(grace, reminder)) {
			err = b.cmd.Process.Kill()
			killed++
			<-b.p.exited
		}
	}
	if killGroup(b.cmd.Process.Pid) {
		killed++
	}
	return killed, err
}

// reminder is how long a program has to end that is asked a second time, at the end
// of its grace: it can miss the first one if it was about to wait.
const reminder = time.Second

// ask asks a program to end, and says whether it has within a grace.
func (b beside) ask(grace time.Duration) bool {
	terminate(b.cmd.Process)
	select {
	case <-b.p.exited:
		return true
	case <-time.After(grace):
		return false
	}
}

func (beside) pause(context.Context) error {
	return fmt.Errorf("pause a program: %w", errors.ErrUnsupported)
}

func (beside) resume() error { return fmt.Errorf("resume a program: %w", errors.ErrUnsupported) }

func (beside) listening(netip.AddrPort) (bool, error) {
	return false, fmt.Errorf("look for listeners: %w", errors.ErrUnsupported)
}

func (beside) unaccepted(netip.AddrPort) ([]uint32, error) {
	return nil, fmt.Errorf("look for connections that nobody accepted: %w", errors.ErrUnsupported)
}
