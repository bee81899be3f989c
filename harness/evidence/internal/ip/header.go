// Package ip finds what an IP packet carries, in captures of millions of them:
// it reads the few fields that this takes, and allocates nothing. Tests compare
// it with gopacket, whose general decoding costs several times as much.
package ip

import "encoding/binary"

// Numbers of IANA's registry "Assigned Internet Protocol Numbers".
const (
	HopByHop    = 0
	ICMP        = 1
	IPv4        = 4
	TCP         = 6
	UDP         = 17
	IPv6        = 41
	Routing     = 43
	Fragment    = 44
	GRE         = 47
	ESP         = 50
	AH          = 51
	ICMPv6      = 58
	Destination = 60
	EtherIP     = 97
	MPLS        = 137
)

// A Header is what an IP packet says of itself (RFC 791, section 3.1; RFC 8200,
// sections 3 and 4).
type Header struct {
	Protocol byte // of what it carries
	Len      int  // bytes before that, extension headers included
	Total    int  // bytes of the packet; 0: it does not say, as before segmentation by a network card
	Hops     int  // TTL, the hop limit
	ID       int  // IPv4's identification; 0 in IPv6
	Offset   int  // bytes of the datagram before this fragment
	More     bool // fragments follow
	Cut      bool // the headers go on behind what was captured, and Protocol may be that of an extension header
}

// Parse reads the headers of an IP packet. ok is false if it is none, or not
// even the first header was captured.
func Parse(packet []byte) (h Header, ok bool) {
	switch {
	case len(packet) >= 20 && packet[0]>>4 == 4:
		return parse4(packet)
	case len(packet) >= 40 && packet[0]>>4 == 6:
		return parse6(packet), true
	}
	return h, false
}

// Total returns how many bytes an IP packet says that it has, 0 if it does not
// say so, or is none.
func Total(packet []byte) int {
	if len(packet) < 20 {
		return 0
	}
	switch packet[0] >> 4 {
	case 4:
		return int(packet[2])<<8 | int(packet[3])
	case 6:
		if payload := int(packet[4])<<8 | int(packet[5]); payload != 0 { // 0: a jumbogram (RFC 2675)
			return 40 + payload
		}
	}
	return 0
}

func parse4(packet []byte) (h Header, ok bool) {
	_ = packet[19]
	fragment := int(packet[6])<<8 | int(packet[7])
	h = Header{
		Protocol: packet[9], Len: int(packet[0]&15) * 4, Total: Total(packet),
		Hops: int(packet[8]), ID: int(packet[4])<<8 | int(packet[5]),
		Offset: fragment & 0x1fff * 8, More: fragment&0x2000 != 0,
	}
	if h.Len < 20 || h.Total != 0 && h.Total < h.Len {
		return h, false
	}
	h.Cut = h.Len > len(packet)
	if h.Protocol == AH {
		h.extend(packet)
	}
	return h, true
}

func parse6(packet []byte) Header {
	_ = packet[39]
	h := Header{Protocol: packet[6], Len: 40, Total: Total(packet), Hops: int(packet[7])}
	if h.Protocol != TCP {
		h.extend(packet)
	}
	return h
}

// extend passes over the extension headers that a TCP segment may follow.
func (h *Header) extend(packet []byte) {
	for !h.Cut && h.Offset == 0 {
		if len(packet) < h.Len+8 {
			h.Cut = extends(h.Protocol)
			return
		}
		rest := packet[h.Len:]
		switch h.Protocol {
		case HopByHop, Routing, Destination:
			h.Len += 8 + int(rest[1])*8
		case AH: // RFC 4302, section 2.2
			h.Len += 8 + int(rest[1])*4
		case Fragment:
			fragment := int(binary.BigEndian.Uint16(rest[2:]))
			h.Offset, h.More = fragment&^7, fragment&1 != 0
			h.Len += 8
		default:
			return
		}
		h.Protocol = rest[0]
		h.Cut = h.Len > len(packet)
	}
}

func extends(protocol byte) bool {
	switch protocol {
	case HopByHop, Routing, Destination, AH, Fragment:
		return true
	}
	return false
}
