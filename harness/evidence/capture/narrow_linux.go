package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A narrowing is what the tracepoints are told to let through, so that what others
// do neither costs anything nor fills the buffers. That of what was sent cannot be
// told: its addresses are of a size that filters do not compare.
type narrowing struct {
	mu     sync.Mutex   // guards the rest
	asked  []*Addresses // of the taps; nil: all
	failed error        // what was asked for last may not pass
}

// mostNarrowed bounds how many addresses a filter names; beyond it all pass.
const mostNarrowed = 64

// want lets through what a tap asks for, and what it asks for later.
func (t *tracer) want(of *Addresses) {
	t.narrowing.mu.Lock()
	t.narrowing.asked = append(t.narrowing.asked, of)
	t.narrowing.mu.Unlock()
	if of == nil {
		t.narrow()
		return
	}
	of.each(t.narrow)
}

// forget takes back what a tap asked for.
func (t *tracer) forget(of *Addresses) {
	t.narrowing.mu.Lock()
	defer t.narrowing.mu.Unlock()
	if at := slices.Index(t.narrowing.asked, of); at >= 0 {
		t.narrowing.asked = slices.Delete(t.narrowing.asked, at, at+1)
	}
}

// narrow writes the filters (Documentation/trace/events.rst, Event filtering).
// Where the kernel does not take one all passes.
func (t *tracer) narrow() {
	n := &t.narrowing
	n.mu.Lock()
	defer n.mu.Unlock()
	text := filterOf(n.asked)
	n.failed = nil
	for _, event := range []string{"sock/" + evidence.StateChanged, "tcp/" + evidence.ResetReceived} {
		file := "events/" + event + "/filter"
		if t.set(file, text) != nil {
			n.failed = errors.Join(n.failed, t.set(file, letAll))
		}
	}
}

// narrowed says why it is not known that what was asked for passes.
func (t *tracer) narrowed() error {
	t.narrowing.mu.Lock()
	defer t.narrowing.mu.Unlock()
	return t.narrowing.failed
}

// letAll takes a filter away.
const letAll = "0"

// filterOf is a filter by which everything about these addresses passes, as do all
// IPv6 sockets. An IPv4 address is compared as a number in the machine's own order.
func filterOf(asked []*Addresses) string {
	terms := []string{fmt.Sprintf("family != %d", unix.AF_INET)}
	for _, of := range asked {
		if of == nil {
			return letAll
		}
		for _, ip := range of.known().ips {
			if !ip.Is4() {
				continue
			}
			four := ip.As4()
			number := binary.NativeEndian.Uint32(four[:])
			terms = append(terms, fmt.Sprintf("saddr == %d", number), fmt.Sprintf("daddr == %d", number))
		}
	}
	if len(terms) > 1+2*mostNarrowed {
		return letAll
	}
	return strings.Join(terms, " || ")
}
