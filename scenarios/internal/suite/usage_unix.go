//go:build unix

package suite

import (
	"time"

	"golang.org/x/sys/unix"
)

// processorTime is how long this process and the children that it has waited
// for have run (getrusage(2)).
func processorTime() (used time.Duration, ok bool) {
	for _, who := range []int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var usage unix.Rusage
		if err := unix.Getrusage(who, &usage); err != nil {
			return 0, false
		}
		used += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	return used, true
}
