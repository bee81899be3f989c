//go:build !linux

package scenarios_test

import "runtime"

// kernel names the system.
func kernel() string { return runtime.GOOS }
