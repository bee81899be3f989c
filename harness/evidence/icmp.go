package evidence

import (
	"github.com/resetlab/resetlab/harness/evidence/icmp"
	"github.com/resetlab/resetlab/harness/tcp"
)

// An ICMP is an ICMP or ICMPv6 error about a segment. It is an event of the host
// that sent the segment, which such a message is for.
type ICMP struct {
	From    string       `json:"from"` // the address of who sent the message
	Message icmp.Message `json:"message"`
	Errno   string       `json:"errno"` // what Linux makes of it: see [icmp.Message.Errno]
	Seq     uint32       `json:"seq"`   // of the segment, relative as that of a [Packet]
	MTU     int          `json:"mtu,omitempty"`
	// Astray says that its host had nothing with this number under way, so that a
	// TCP ignores the message (RFC 5927, section 4): it is late, or forged.
	Astray bool `json:"astray,omitempty"`
	// Unknown has FieldSeq if the source does not show the number.
	Unknown Fields `json:"unknown,omitempty"`
	// Guessed says that the source does not show which segment it is about: that
	// which came shortly before to the destination that it names.
	Guessed bool `json:"guessed,omitempty"`
}

// Ending returns how a call ends that gets the error.
func (m *ICMP) Ending() tcp.Ending {
	switch m.Errno {
	case "ECONNREFUSED":
		return tcp.Refused
	case "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN":
		return tcp.Unreachable
	}
	return tcp.Other
}
