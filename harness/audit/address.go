package audit

import (
	"net"
	"net/netip"
	"sync/atomic"
)

// addresses hands out addresses of 127.0.0.0/8, one a cell, so that no number
// of cells can use up the ports of one of them.
type addresses struct {
	next  atomic.Uint32
	plain bool // only 127.0.0.1 is there
}

// newAddresses begins at an address that the seed chooses.
func newAddresses(seed uint64) *addresses {
	a := &addresses{}
	a.next.Store(uint32(seed))
	listener, err := net.Listen("tcp", "127.1.2.3:0")
	a.plain = err != nil // systems other than Linux have 127.0.0.1 only
	if err == nil {
		listener.Close()
	}
	return a
}

// take returns an address that no cell had for a long time. All of them have
// the same length as text: it is part of what an HTTP client sends.
func (a *addresses) take() netip.Addr {
	if a.plain {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	const first, count = 100, 155 // three digits, and never the broadcast address
	n := a.next.Add(1) % (count * count * count)
	return netip.AddrFrom4([4]byte{127, byte(first + n/(count*count)), byte(first + n/count%count), byte(first + n%count)})
}
