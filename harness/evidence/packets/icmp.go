package packets

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/icmp"
	"github.com/resetlab/resetlab/harness/evidence/internal/ip"
)

// Types of IANA's registries of ICMP and ICMPv6, the latter's with a 6.
const (
	unreachable, exceeded, problem             = 3, 11, 12
	unreachable6, tooBig6, exceeded6, problem6 = 1, 2, 3, 4
)

// An ICMPError is an ICMP or ICMPv6 error that quotes a TCP segment, as one
// capture saw it.
type ICMPError struct {
	At       time.Time
	Sender   netip.Addr
	From, To netip.AddrPort // of the segment that it quotes
	// What is that of an [evidence.ICMP], its number that of the header. From is empty,
	// and Astray not decided.
	What evidence.ICMP
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
	if e.What.Message != icmp.PacketTooBig {
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
		e.What.Unknown |= evidence.FieldSeq
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
func message4(kind, code byte) icmp.Message {
	switch kind {
	case unreachable:
		all := [...]icmp.Message{icmp.NetUnreachable, icmp.HostUnreachable, icmp.ProtocolUnreachable, icmp.PortUnreachable, icmp.PacketTooBig, icmp.SourceRouteFailed,
			icmp.NetUnreachable, icmp.HostUnknown, icmp.SourceHostIsolated, icmp.NetProhibited, icmp.HostProhibited, icmp.NetUnreachable, icmp.HostUnreachable,
			icmp.Prohibited, icmp.PrecedenceViolation, icmp.PrecedenceCutoff}
		if int(code) < len(all) {
			return all[code]
		}
	case exceeded:
		return exceededBy(code)
	case problem:
		return icmp.ParameterProblem
	}
	return ""
}

// message6 is message4 of ICMPv6.
func message6(kind, code byte) icmp.Message {
	switch kind {
	case unreachable6:
		all := [...]icmp.Message{icmp.NoRoute, icmp.Prohibited, icmp.BeyondScope, icmp.AddressUnreachable, icmp.PortUnreachable, icmp.PolicyFailed, icmp.RouteRejected}
		if int(code) < len(all) {
			return all[code]
		}
	case tooBig6:
		return icmp.PacketTooBig
	case exceeded6:
		return exceededBy(code)
	case problem6:
		return icmp.ParameterProblem
	}
	return ""
}

func exceededBy(code byte) icmp.Message {
	if code == 1 {
		return icmp.ReassemblyTimedOut
	}
	return icmp.TimeExceeded
}
