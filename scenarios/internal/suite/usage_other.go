//go:build !unix

package suite

import "time"

// processorTime is not known on this system.
func processorTime() (used time.Duration, ok bool) { return 0, false }
