//go:build !linux

package audit_test

import (
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
)

// leavingAProcess is for Linux: elsewhere nothing tells whose child a process was.
func leavingAProcess(*testing.T, *audit.Subject) bool { return false }
