package capture

import (
	"net/netip"
	"sync"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A Loopback is the loopback of another namespace, which is captured once for all
// recordings that are made there: for the ring of a capture the kernel waits until
// all its processors have noticed, which takes it ten milliseconds and more. It
// may be used by several goroutines at the same time.
type Loopback struct {
	of Namespace

	mu      sync.Mutex    // guards the rest
	packets *packetSocket // nil until somebody asks for segments
	err     error         // why there are none
}

// LoopbackOf returns the loopback of a namespace. It must be closed before the
// namespace is given up.
func LoopbackOf(of Namespace) *Loopback { return &Loopback{of: of} }

// Segments streams the segments on the loopback. Each is captured once, as it
// comes in; otherwise it is as [Segments].
func (l *Loopback) Segments() (*Stream[evidence.Segment], error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.packets == nil && l.err == nil {
		l.packets, l.err = openLoopback(l.of)
	}
	if l.err != nil {
		return nil, l.err
	}
	return l.packets.follow(netip.Addr{}, false)
}

// Counters returns what the kernel has counted in the namespace.
func (l *Loopback) Counters() (map[string]int64, error) { return l.of.Counters() }

// Close ends the capture. The streams must have been closed.
func (l *Loopback) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.packets == nil {
		return nil
	}
	return l.packets.close()
}
