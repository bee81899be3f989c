package watch

import "time"

// WithoutReasons is as on a kernel that tells none.
func WithoutReasons(o Options) Options {
	o.withoutReasons = true
	return o
}

// OlderKernel is as on one that lets nobody ask who holds sockets without CAP_BPF.
func OlderKernel(o Options) Options {
	o.olderKernel = true
	return o
}

// ParseGroup is parseGroup.
func ParseGroup(path string) Group { return parseGroup(path) }

// CountsOf is countsOf.
func CountsOf(before, after map[string]int64) []Event { return countsOf(before, after, time.Time{}) }
