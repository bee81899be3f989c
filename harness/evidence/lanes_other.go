//go:build !linux

package evidence

import (
	"errors"
	"fmt"
	"io"
	"runtime"
)

func openWire(func()) (wireLane, error) {
	return nil, fmt.Errorf("packets are captured on Linux, not on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

func openNamespace(namespace, func(io.Closer)) (wireLane, error) {
	return nil, fmt.Errorf("network namespaces are Linux's, %s has none: %w", runtime.GOOS, errors.ErrUnsupported)
}

func openKernel() (kernelLane, error) {
	return nil, fmt.Errorf("tracepoints are Linux's, %s has none: %w", runtime.GOOS, errors.ErrUnsupported)
}

// Sweep has nothing to remove here: trace instances are Linux's.
func Sweep() (removed []string, err error) { return nil, nil }

func readCounters() (map[string]int64, error) {
	return nil, fmt.Errorf("the counters are Linux's, %s has others: %w", runtime.GOOS, errors.ErrUnsupported)
}

func alone() bool { return false }

func system() string { return runtime.GOOS }

func barrier() error { return nil }
