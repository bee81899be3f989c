//go:build !linux

package agent

import (
	"context"
	"errors"

	"github.com/resetlab/resetlab/harness/audit"
)

// CheckTracing says that programs cannot be traced here.
func CheckTracing(context.Context) error {
	return errors.New("agent: system calls are seen by strace, which is of Linux")
}

// Tracer returns nil: see [CheckTracing].
func (c Command) Tracer() audit.Tracer { return nil }
