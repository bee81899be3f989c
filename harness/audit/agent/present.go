package agent

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness/program"
)

// A present is the run of a program that can be suspended now: see audit.Client.
type present struct {
	mu      sync.Mutex // guards the rest
	program *program.Program
}

func (p *present) set(run *program.Program) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.program = run
}

func (p *present) get() *program.Program {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.program
}

// RunDelay is for how long the program has waited for a processor; it is an
// audit.Client's.
func (p *present) RunDelay() time.Duration {
	run := p.get()
	if run == nil {
		return 0
	}
	select {
	case <-run.Exited(): // its number may be another's
		return 0
	default:
		return runDelay(run.PID())
	}
}

// Suspend stops the program and what it has started; it does nothing before there
// is one, or when it has ended.
func (p *present) Suspend() error {
	run := p.get()
	if run == nil {
		return nil
	}
	if err := run.Pause(context.Background()); !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Resume lets it go on.
func (p *present) Resume() error {
	if run := p.get(); run != nil {
		return run.Resume()
	}
	return nil
}
