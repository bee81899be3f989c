package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/resetlab/resetlab/harness/audit/verdict"
	"github.com/resetlab/resetlab/harness/program"
)

// A process is one run of a program, below a supervisor of its own.
type process struct {
	grace  time.Duration
	stdin  *os.File // nil is none
	stdout io.Writer
	stderr kept
	costs  *costs    // nil: nobody asks
	left   int       // how many of its processes had to be killed
	done   time.Time // when it ended; zero if it was ended

	supervisor *program.Supervisor
	program    *program.Program
}

// start starts the program.
func (p *process) start(ctx context.Context, args, environment []string) (err error) {
	p.supervisor, err = program.Supervise(ctx, program.Options{NoDir: true})
	if err == nil {
		p.program, err = p.supervisor.Start(ctx, program.Command{
			Args: args, Env: environment, Dir: ".", Stdin: p.stdin, Stdout: p.stdout, Stderr: &p.stderr,
		})
		if err != nil {
			err = errors.Join(err, p.supervisor.Close())
		}
	}
	switch {
	case err == nil:
		if p.costs != nil {
			go p.costs.watch(p.program.PID(), p.program.Exited())
		}
		return nil
	case ctx.Err() != nil:
		return stopped(ctx)
	}
	return fmt.Errorf("start the agent: %w", err)
}

// wait awaits the program's end, or ends it when the context ends, and leaves
// nothing of it behind.
func (p *process) wait(ctx context.Context) (err error) {
	select {
	case <-p.program.Exited():
	case <-ctx.Done():
	}
	p.done = time.Now()
	inTime := true // what it has done before its time was over counts
	select {
	case <-p.program.Exited():
	default:
		inTime, p.done = false, time.Time{}
	}
	p.left, err = p.program.Stop(p.grace)
	err = errors.Join(err, p.supervisor.Close())
	switch {
	case !inTime:
		return stopped(ctx)
	case p.program.Err() != nil:
		return p.program.Err()
	}
	return err
}

// leaks names what is wrong if something was left behind.
func (p *process) leaks() []string {
	if p.left == 0 {
		return nil
	}
	return []string{string(verdict.LeakProcess)}
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
