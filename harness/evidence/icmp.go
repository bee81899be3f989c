package evidence

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/resetlab/resetlab/harness/evidence/internal/ip"
	"github.com/resetlab/resetlab/harness/tcp"
)

// An ICMPMessage is what an ICMP or ICMPv6 error says, in the words of RFC 792,
// RFC 1812 (section 5.2.7.1) and RFC 4443.
type ICMPMessage string

// The messages that TCP heeds.
const (
	NetUnreachable      ICMPMessage = "net unreachable"
	HostUnreachable     ICMPMessage = "host unreachable"
	ProtocolUnreachable ICMPMessage = "protocol unreachable"
	PortUnreachable     ICMPMessage = "port unreachable"
	PacketTooBig        ICMPMessage = "packet too big" // IPv4's "fragmentation needed" as well
	SourceRouteFailed   ICMPMessage = "source route failed"
	HostUnknown         ICMPMessage = "host unknown"
	SourceHostIsolated  ICMPMessage = "source host isolated"
	NetProhibited       ICMPMessage = "net administratively prohibited"
	HostProhibited      ICMPMessage = "host administratively prohibited"
	Prohibited          ICMPMessage = "administratively prohibited"
	PrecedenceViolation ICMPMessage = "precedence violation"
	PrecedenceCutoff    ICMPMessage = "precedence cutoff"
	NoRoute             ICMPMessage = "no route to destination" // this and the next four are of ICMPv6
	BeyondScope         ICMPMessage = "beyond scope of source address"
	AddressUnreachable  ICMPMessage = "address unreachable"
	PolicyFailed        ICMPMessage = "source address failed policy"
	RouteRejected       ICMPMessage = "reject route to destination"
	TimeExceeded        ICMPMessage = "time exceeded in transit"
	ReassemblyTimedOut  ICMPMessage = "reassembly time exceeded"
	ParameterProblem    ICMPMessage = "parameter problem"
)

// Types of IANA's registries of ICMP and ICMPv6, the latter's with a 6.
const (
	unreachable, exceeded, problem             = 3, 11, 12
	unreachable6, tooBig6, exceeded6, problem6 = 1, 2, 3, 4
)

// Rejects says whether a message is what rules of firewalls say (nft(8),
// reject; iptables-extensions(8), REJECT) and routes of routers as a rule do
// not: that is forbidden, or nobody listens, to which a host itself answers with
// RST.
func (m ICMPMessage) Rejects() bool {
	switch m {
	case PortUnreachable, ProtocolUnreachable, NetProhibited, HostProhibited, Prohibited, PolicyFailed, RouteRejected:
		return true
	}
	return false
}

// Errno returns the name of the error that Linux makes of a message
// (net/ipv4/icmp.c, icmp_err_convert; net/ipv6/icmp.c, icmpv6_err_convert).
func (m ICMPMessage) Errno(v6 bool) string {
	switch m {
	case NetUnreachable, NoRoute, NetProhibited:
		return "ENETUNREACH"
	case PortUnreachable:
		return "ECONNREFUSED"
	case PacketTooBig:
		return "EMSGSIZE"
	case ProtocolUnreachable:
		return "ENOPROTOOPT"
	case SourceRouteFailed:
		return "EOPNOTSUPP"
	case HostUnknown:
		return "EHOSTDOWN"
	case SourceHostIsolated:
		return "ENONET"
	case PolicyFailed, RouteRejected:
		return "EACCES"
	case ParameterProblem:
		return "EPROTO"
	case Prohibited:
		if v6 {
			return "EACCES"
		}
	}
	return "EHOSTUNREACH"
}

// An ICMP is an ICMP or ICMPv6 error about a segment. It is an event of the host
// that sent the segment, which such a message is for.
type ICMP struct {
	From    string      `json:"from"` // the address of who sent the message
	Message ICMPMessage `json:"message"`
	Errno   string      `json:"errno"` // what Linux makes of it: see [ICMPMessage.Errno]
	Seq     uint32      `json:"seq"`   // of the segment, relative as that of a [Packet]
	MTU     int         `json:"mtu,omitempty"`
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

// An ICMPError is an ICMP or ICMPv6 error that quotes a TCP segment, as one
// capture saw it.
type ICMPError struct {
	At       time.Time
	Sender   netip.Addr
	From, To netip.AddrPort // of the segment that it quotes
	// What is that of an [ICMP], its number that of the header. From is empty,
	// and Astray not decided.
	What ICMP
}

// FindICMP reads the ICMP or ICMPv6 error in a packet, which begins with its IP
// header, and of which the first bytes of a TCP segment must be left (RFC 792:
// eight of them are there at least). It leaves the time to the caller.
func FindICMP(packet []byte) (e ICMPError, ok bool) {
	h, ok := ip.Parse(packet)
	if !ok || h.Cut || h.Offset != 0 || len(packet) < h.Len+8 || h.Protocol != ip.ICMP && h.Protocol != ip.ICMPv6 {
		return e, false
	}
	message, quoted := packet[h.Len:], packet[h.Len+8:]
	if h.Protocol == ip.ICMP {
		e.What.Message = message4(message[0], message[1])
		e.What.MTU = int(binary.BigEndian.Uint16(message[6:]))
	} else {
		e.What.Message = message6(message[0], message[1])
		e.What.MTU = int(min(binary.BigEndian.Uint32(message[4:]), 1<<16))
	}
	if e.What.Message != PacketTooBig {
		e.What.MTU = 0
	}
	inner, ok := ip.Parse(quoted)
	if e.What.Message == "" || !ok || inner.Protocol != ip.TCP || inner.Cut || inner.Offset != 0 || len(quoted) < inner.Len+4 {
		return e, false
	}
	e.What.Errno = e.What.Message.Errno(quoted[0]>>4 == 6)
	e.Sender, _ = Addresses(packet)
	from, to := Addresses(quoted)
	segment := quoted[inner.Len:]
	e.From = netip.AddrPortFrom(from, binary.BigEndian.Uint16(segment))
	e.To = netip.AddrPortFrom(to, binary.BigEndian.Uint16(segment[2:]))
	if len(segment) < 8 {
		e.What.Unknown |= FieldSeq
		return e, true
	}
	e.What.Seq = binary.BigEndian.Uint32(segment[4:])
	return e, true
}

// QuotesTCP says whether an ICMP or ICMPv6 packet may quote a TCP segment: what
// was captured of it does not show that it does not.
func QuotesTCP(packet []byte) bool {
	h, ok := ip.Parse(packet)
	if !ok || h.Cut || h.Offset != 0 || len(packet) < h.Len+2 {
		return true
	}
	of := message4
	if h.Protocol == ip.ICMPv6 {
		of = message6
	}
	if of(packet[h.Len], packet[h.Len+1]) == "" {
		return false
	}
	inner, ok := ip.Parse(packet[min(h.Len+8, len(packet)):])
	return !ok || inner.Cut || inner.Protocol == ip.TCP && inner.Offset == 0
}

// message4 returns what a type and a code of ICMP say, "" if that is no error
// that TCP heeds.
func message4(kind, code byte) ICMPMessage {
	switch kind {
	case unreachable:
		all := [...]ICMPMessage{NetUnreachable, HostUnreachable, ProtocolUnreachable, PortUnreachable, PacketTooBig, SourceRouteFailed,
			NetUnreachable, HostUnknown, SourceHostIsolated, NetProhibited, HostProhibited, NetUnreachable, HostUnreachable,
			Prohibited, PrecedenceViolation, PrecedenceCutoff}
		if int(code) < len(all) {
			return all[code]
		}
	case exceeded:
		return exceededBy(code)
	case problem:
		return ParameterProblem
	}
	return ""
}

// message6 is message4 of ICMPv6.
func message6(kind, code byte) ICMPMessage {
	switch kind {
	case unreachable6:
		all := [...]ICMPMessage{NoRoute, Prohibited, BeyondScope, AddressUnreachable, PortUnreachable, PolicyFailed, RouteRejected}
		if int(code) < len(all) {
			return all[code]
		}
	case tooBig6:
		return PacketTooBig
	case exceeded6:
		return exceededBy(code)
	case problem6:
		return ParameterProblem
	}
	return ""
}

func exceededBy(code byte) ICMPMessage {
	if code == 1 {
		return ReassemblyTimedOut
	}
	return TimeExceeded
}
