//go:build !linux

package agent

import (
	"time"

	"github.com/resetlab/resetlab/harness/audit"
)

// costOf would be what a process has taken until now.
func costOf(int) (c audit.Cost) { return c }

// runDelay would be how long a process has waited for a processor.
func runDelay(int) time.Duration { return 0 }
