//go:build !linux

package run

import (
	"context"
	"fmt"

	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/script"
)

// A Runner runs scripts, on Linux.
type Runner struct{}

// New returns an error that wraps netlab.ErrUnavailable.
func New(Options) (*Runner, error) {
	return nil, fmt.Errorf("scripts run on Linux only: %w", netlab.ErrUnavailable)
}

// Run is never called: there is no Runner.
func (*Runner) Run(context.Context, script.Script) (Result, error) { return Result{}, nil }

// Close does nothing.
func (*Runner) Close() error { return nil }
