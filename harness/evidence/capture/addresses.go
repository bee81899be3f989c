package capture

import (
	"bytes"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/resetlab/resetlab/harness/evidence"
)

// Addresses say whose events [Lanes.KernelEvents] is to stream: those of
// connections with one of them at either end. They grow; one has to be added
// before something happens there. They may be used by several goroutines at the
// same time. The zero value has none.
type Addresses struct {
	all atomic.Pointer[addresses]

	mu   sync.Mutex // guards adding, and the rest
	told []func()   // to be called when one was added
}

// addresses do not change.
type addresses struct {
	ips   []netip.Addr
	texts [][]byte // of which a line has one if it may be about one of them
}

// anyListener is what a line says of the far end if the kernel tells no more than
// that a listener has sent a RST: it may be about any of them.
var anyListener = [][]byte{[]byte("dest=0.0.0.0:0 "), []byte("dest=[::]:0 ")}

// Add adds an address.
func (a *Addresses) Add(ip netip.Addr) {
	ip = ip.Unmap().WithZone("")
	a.mu.Lock()
	defer a.mu.Unlock()
	if !ip.IsValid() || a.Has(ip) {
		return
	}
	last := a.known()
	text := []byte(ip.String())
	if ip.Is6() { // the kernel may write it in another way
		text = []byte("=[")
	}
	grown := &addresses{append(slices.Clone(last.ips), ip), append(slices.Clone(last.texts), text)}
	if ip.Is6() {
		grown.texts = append(grown.texts, []byte("family=AF_INET6"))
	}
	a.all.Store(grown)
	for _, f := range a.told {
		f()
	}
}

// each calls f now, and whenever an address was added, before Add returns.
func (a *Addresses) each(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told = append(a.told, f)
	f()
}

// Has says whether an address has been added.
func (a *Addresses) Has(ip netip.Addr) bool {
	return slices.Contains(a.known().ips, ip.Unmap().WithZone(""))
}

func (a *Addresses) known() *addresses {
	if all := a.all.Load(); all != nil {
		return all
	}
	return &addresses{texts: anyListener}
}

// mayBeIn says whether a line of a trace may be about one of the addresses. Most
// lines are not, and to look for a text is what costs least to find out.
func (a *Addresses) mayBeIn(line []byte) bool {
	return a == nil || slices.ContainsFunc(a.known().texts, func(text []byte) bool { return bytes.Contains(line, text) })
}

// wants says whether a trace is about one of the addresses.
func (a *Addresses) wants(t *trace) bool {
	return a == nil || t.Remote.Port() == 0 && t.Name == evidence.ResetSent || a.Has(t.Local.Addr()) || a.Has(t.Remote.Addr())
}
