package record

import (
	"net/netip"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
)

// An instant is a time of the wall clock, in nanoseconds since 1970.
type instant int64

func instantOf(t time.Time) instant { return instant(t.UnixNano()) }

// A segment is a TCP segment on its way into a flow.
type segment struct {
	at       instant
	src, dst netip.AddrPort
	packet   evidence.Packet // Seq and Ack as in the header until a flow is found
	syn, ack bool
	outgoing bool   // it was leaving the host where it was captured
	nat      string // the host that translated it, on the far side of a NAT
}

// received takes over what a capture has seen.
func received(captured []evidence.Segment) []segment {
	segments := make([]segment, len(captured))
	for i := range captured {
		s := &captured[i]
		segments[i] = segment{at: instantOf(s.At), src: s.From, dst: s.To, packet: s.Packet,
			syn: s.Packet.Has("SYN"), ack: s.Packet.Has("ACK"), outgoing: s.Leaving}
	}
	return segments
}
