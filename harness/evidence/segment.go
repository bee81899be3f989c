package evidence

import (
	"net/netip"
	"strings"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// A segment is a TCP segment, decoded.
type segment struct {
	at       instant
	src, dst netip.AddrPort
	packet   Packet // Seq and Ack as in the header until a flow is found
	syn, ack bool
	outgoing bool   // it was leaving the host where it was captured
	nat      string // the host that translated it, on the far side of a NAT
}

// decode decodes IP packets and leaves out what is no TCP segment.
func decode(captured []capturedSegment) []segment {
	var ip4 layers.IPv4
	var ip6 layers.IPv6
	var tcp layers.TCP
	// What is behind the headers was cut off, which is no error here.
	parsers := map[byte]*gopacket.DecodingLayerParser{
		4: gopacket.NewDecodingLayerParser(layers.LayerTypeIPv4, &ip4, &tcp),
		6: gopacket.NewDecodingLayerParser(layers.LayerTypeIPv6, &ip6, &tcp),
	}
	found := make([]gopacket.LayerType, 0, 4)
	segments := make([]segment, 0, len(captured))
	names := map[byte]string{}
	for _, c := range captured {
		if len(c.data) == 0 || parsers[c.data[0]>>4] == nil {
			continue
		}
		version := c.data[0] >> 4
		parsers[version].DecodeLayers(c.data, &found) // an error concerns what is behind TCP
		if len(found) < 2 || found[1] != layers.LayerTypeTCP {
			continue
		}
		s := segment{at: c.at, outgoing: c.outgoing, syn: tcp.SYN, ack: tcp.ACK, packet: Packet{
			Flags: flags(tcp.Contents[13], names), Seq: tcp.Seq, Window: int(tcp.Window), Data: c.data, Length: c.length,
		}}
		if tcp.ACK {
			s.packet.Ack = tcp.Ack
		}
		from, to := addresses(c.data)
		s.src = netip.AddrPortFrom(from, uint16(tcp.SrcPort))
		s.dst = netip.AddrPortFrom(to, uint16(tcp.DstPort))
		s.packet.TTL = int(ip6.HopLimit)
		headers := len(ip6.Contents) + len(tcp.Contents)
		if version == 4 {
			s.packet.TTL, s.packet.IPID = int(ip4.TTL), int(ip4.Id)
			headers = len(ip4.Contents) + len(tcp.Contents)
		}
		s.packet.Len = max(0, c.length-headers)
		segments = append(segments, s)
	}
	return segments
}

// addresses returns the source and the destination of an IP packet.
func addresses(packet []byte) (from, to netip.Addr) {
	switch {
	case len(packet) >= 20 && packet[0]>>4 == 4:
		return netip.AddrFrom4([4]byte(packet[12:16])), netip.AddrFrom4([4]byte(packet[16:20]))
	case len(packet) >= 40 && packet[0]>>4 == 6:
		return netip.AddrFrom16([16]byte(packet[8:24])), netip.AddrFrom16([16]byte(packet[24:40]))
	}
	return
}

// flags names the flags of a header (RFC 9293, section 3.1), in the order in
// which people say them. known has those that were named before.
func flags(bits byte, known map[byte]string) string {
	if text, ok := known[bits]; ok {
		return text
	}
	var names []string
	for _, flag := range []struct {
		bit  byte
		name string
	}{
		{0x02, "SYN"}, {0x01, "FIN"}, {0x04, "RST"}, {0x08, "PSH"}, {0x20, "URG"}, {0x10, "ACK"},
		{0x40, "ECE"}, {0x80, "CWR"},
	} {
		if bits&flag.bit != 0 {
			names = append(names, flag.name)
		}
	}
	known[bits] = strings.Join(names, " ")
	return known[bits]
}
