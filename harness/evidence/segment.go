package evidence

import (
	"net/netip"
	"time"
)

// A Segment is a TCP segment as one capture saw it.
type Segment struct {
	At       time.Time
	From, To netip.AddrPort
	// Packet has the sequence numbers of the header itself, and names no host.
	Packet  Packet
	Leaving bool // it was leaving the host where it was captured, or else coming
	// Point is the number of the interface, or the line, at which it was
	// captured, where a source has several; what one machine captures twice on
	// its way through has two. Otherwise 0.
	Point int
}
