package agent

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
)

// A process is one run of a program.
type process struct {
	grace          time.Duration
	mark           string // in the environment of all that it starts
	stdout, stderr kept
	left           int // how many of its children lived on after it had left
}

// run starts the program, awaits its end and leaves nothing of it behind.
func (p *process) run(ctx context.Context, program string, args, environment []string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = environment, &p.stdout, &p.stderr
	cmd.SysProcAttr = ownSession()
	cmd.Cancel = func() error { return terminate(cmd.Process) }
	cmd.WaitDelay = p.grace
	if err := cmd.Start(); err != nil {
		if ctx.Err() != nil {
			return stopped(ctx)
		}
		return fmt.Errorf("start the agent: %w", err)
	}
	left, err := p.end(cmd)
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // somebody held its output, and it said what it said
	}
	if ctx.Err() != nil {
		return stopped(ctx) // what was left was ours to end
	}
	p.left = left
	return err
}

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
