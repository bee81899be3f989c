//go:build !linux

package agent

import "github.com/resetlab/resetlab/harness/audit"

// costOf would be what a process has taken until now.
func costOf(int) (c audit.Cost) { return c }
