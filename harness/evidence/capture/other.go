//go:build !linux

package capture

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"

	"github.com/resetlab/resetlab/harness/evidence"
)

// packets capture on Linux only.
type packetSocket struct{}

func openWire(func()) (*packetSocket, error) { return nil, unsupported("packets are captured") }

func (*packetSocket) follow(netip.Addr, bool) (*Stream[evidence.Segment], error) {
	return nil, unsupported("packets are captured")
}

func (*packetSocket) close() error { return nil }

// Segments streams the segments of another namespace, on Linux.
func Segments(Namespace, *Lanes) (*Stream[evidence.Segment], error) {
	return nil, unsupported("there are network namespaces")
}

func openLoopback(Namespace) (*packetSocket, error) {
	return nil, unsupported("there are network namespaces")
}

// MachineSegments streams the segments on all interfaces, on Linux.
func MachineSegments() (*Stream[evidence.Segment], error) {
	return nil, unsupported("packets are captured")
}

// Sweep has nothing to remove here: trace instances are Linux's.
func Sweep() (removed []string, err error) { return nil, nil }

// A tracer traces on Linux only.
type tracer struct{}

func openKernel() (*tracer, error) { return nil, unsupported("there are tracepoints") }

func (*tracer) follow(*Addresses) (*Stream[KernelEvent], error) {
	return nil, unsupported("there are tracepoints")
}

func (*tracer) collect() {}

func (*tracer) reasons() []string { return nil }

func (*tracer) close() error { return nil }

// ReadCounters reads the counters of this network namespace, on Linux.
func ReadCounters() (map[string]int64, error) { return nil, unsupported("there are these counters") }

// Alone says whether nobody else uses the counters: nobody knows.
func Alone() bool { return false }

// System returns the name of the operating system.
func System() string { return runtime.GOOS }

// Settle has nothing to wait for.
func Settle() error { return nil }

func unsupported(what string) error {
	return fmt.Errorf("%s on Linux, not on %s: %w", what, runtime.GOOS, errors.ErrUnsupported)
}
