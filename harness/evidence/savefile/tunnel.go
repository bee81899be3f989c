package savefile

import (
	"bytes"
	"encoding/binary"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/resetlab/resetlab/harness/evidence/internal/ip"
)

// behindLink finds the innermost IP header in a frame of a rarer link layer.
func behindLink(data []byte, link uint16) (offset int, why omission) {
	if layers.LinkType(link) >= layers.LinkTypeMax {
		return 0, inLink
	}
	return innermost(data, layers.LinkType(link))
}

// behindIP looks at what an IP packet carries that is not TCP. It returns
// [inTunnel] and an offset if that has an IP packet in it.
func behindIP(packet []byte, h ip.Header) (offset int, why omission) {
	switch h.Protocol {
	case ip.ICMP, ip.ICMPv6:
		return 0, quotes
	case ip.ESP:
		return 0, encrypted
	case ip.IPv4, ip.IPv6:
		return h.Len, inTunnel
	case ip.GRE:
		return tunnel(packet, h.Len, layers.LayerTypeGRE)
	case ip.EtherIP:
		return tunnel(packet, h.Len, layers.LayerTypeEtherIP)
	case ip.MPLS:
		if offset, why = afterMPLS(packet, h.Len); why == found {
			return offset, inTunnel
		}
	case ip.UDP:
		return behindUDP(packet, h.Len)
	}
	return 0, notTCP
}

// behindUDP looks for tunnels by the port to which a datagram goes.
func behindUDP(packet []byte, start int) (offset int, why omission) {
	if len(packet) < start+8 {
		return 0, notTCP
	}
	start += 8
	switch binary.BigEndian.Uint16(packet[start-6:]) {
	case 4789, 8472: // of RFC 7348, and of Linux before one was assigned
		return tunnel(packet, start, layers.LayerTypeVXLAN)
	case 6081:
		return tunnel(packet, start, layers.LayerTypeGeneve)
	case 2152:
		return tunnel(packet, start, layers.LayerTypeGTPv1U)
	}
	if from := binary.BigEndian.Uint16(packet[start-8:]); from == 3544 || binary.BigEndian.Uint16(packet[start-6:]) == 3544 {
		return teredo(packet, start)
	}
	return 0, notTCP
}

// teredo passes over the indications before an IPv6 packet (RFC 4380, section
// 5.1.1).
func teredo(packet []byte, start int) (offset int, why omission) {
	rest := packet[start:]
	if len(rest) >= 4 && rest[0] == 0 && rest[1] == 1 { // authentication
		rest = rest[min(13+int(rest[2])+int(rest[3]), len(rest)):]
	}
	if len(rest) >= 8 && rest[0] == 0 && rest[1] == 0 { // origin
		rest = rest[8:]
	}
	if len(rest) == 0 || rest[0]>>4 != 6 {
		return 0, notTCP
	}
	return len(packet) - len(rest), inTunnel
}

// tunnel finds the packet in a tunnel whose header is at start.
func tunnel(packet []byte, start int, kind gopacket.LayerType) (offset int, why omission) {
	offset, why = innermost(packet[min(start, len(packet)):], kind)
	if why != found {
		return 0, notTCP
	}
	return start + offset, inTunnel
}

// innermost decodes layers up to the first TCP header, and returns where the
// last IP header before it is, or the last at all if there is none.
func innermost(data []byte, first gopacket.Decoder) (offset int, why omission) {
	packet := gopacket.NewPacket(data, first, gopacket.NoCopy)
	offset, why = 0, inLink
	for _, layer := range packet.Layers() {
		if why == inLink && layer.LayerType() != gopacket.LayerTypeDecodeFailure {
			why = notIP
		}
		switch layer.LayerType() {
		case layers.LayerTypeIPv4, layers.LayerTypeIPv6:
			header := layer.LayerContents()
			// Layers are slices of the data: what is behind them tells where they begin.
			at := cap(data) - cap(header)
			if at >= 0 && at < len(data) && bytes.HasPrefix(data[at:], header) {
				offset, why = at, found
			}
		case layers.LayerTypeTCP:
			return offset, why
		}
	}
	return offset, why
}
