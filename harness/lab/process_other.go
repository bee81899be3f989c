//go:build !linux

package lab

import (
	"context"
	"errors"
	"fmt"
)

// A Process is a [Server] in a child process. Linux only.
type Process struct{ Server }

// Start starts a server in a process of its own. Linux only;
// errors.ErrUnsupported elsewhere.
func (h *Host) Start(context.Context, string, Limits) (*Process, error) {
	return nil, fmt.Errorf("start a process: %w", errors.ErrUnsupported)
}

// PID returns 0: there is no process.
func (p *Process) PID() int { return 0 }

// Kill does nothing: there is no process.
func (p *Process) Kill() error { return nil }

func beProcess(order, ProcessFunc) error {
	return fmt.Errorf("be a process: %w", errors.ErrUnsupported)
}
