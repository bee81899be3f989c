//go:build !linux

package suite

import "runtime"

// Kernel names the system.
func Kernel() string { return runtime.GOOS }
