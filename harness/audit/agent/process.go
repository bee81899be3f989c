package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
)

// A process is one run of a program.
type process struct {
	grace  time.Duration
	mark   string   // in the environment of all that it starts
	stdin  *os.File // nil is none
	stdout io.Writer
	stderr kept
	cmd    *exec.Cmd
	left   int // how many of its processes had to be killed

	ended   atomic.Bool // it has ended, by itself or not
	stopped atomic.Bool // it was ended by its context, before it had
}

// start starts the program. It is ended when the context is.
func (p *process) start(ctx context.Context, program string, args, environment []string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = environment, p.stdout, &p.stderr
	if p.stdin != nil {
		cmd.Stdin = p.stdin
	}
	cmd.SysProcAttr = ownSession()
	cmd.Cancel = func() error {
		if p.ended.Load() {
			return os.ErrProcessDone
		}
		err := terminate(cmd.Process)
		p.stopped.Store(err == nil)
		return err
	}
	cmd.WaitDelay = p.grace
	p.cmd = cmd
	if err := cmd.Start(); err != nil {
		if ctx.Err() != nil {
			return stopped(ctx)
		}
		return fmt.Errorf("start the agent: %w", err)
	}
	return nil
}

// wait awaits the program's end and leaves nothing of it behind.
func (p *process) wait(ctx context.Context) (err error) {
	p.left, err = p.end(p.cmd)
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // somebody held its output, and it said what it said
	}
	if !p.stopped.Load() {
		return err // what it has done before its time was over counts
	}
	if killed(p.cmd.ProcessState) {
		p.left++
	}
	return stopped(ctx)
}

// killed says whether a program did not heed SIGTERM.
func killed(state *os.ProcessState) bool {
	if state == nil {
		return false
	}
	status, ok := state.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// leaks names what is wrong if something was left behind.
func (p *process) leaks() []string {
	if p.left == 0 {
		return nil
	}
	return []string{string(audit.LeakProcess)}
}

// A kept is a writer that keeps the beginning and the end of what it is given.
type kept struct {
	most       int // of the beginning
	head, tail []byte
	size       int64
}

func (k *kept) Write(b []byte) (int, error) {
	k.size += int64(len(b))
	k.head = append(k.head, b[:min(len(b), k.most-len(k.head))]...)
	k.tail = append(k.tail, b[max(0, len(b)-keptWords):]...)
	if over := len(k.tail) - keptWords; over > 0 {
		k.tail = append(k.tail[:0], k.tail[over:]...)
	}
	return len(b), nil
}
