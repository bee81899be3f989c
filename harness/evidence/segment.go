package evidence

import (
	"net/netip"
	"strings"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// A Segment is a TCP segment as one capture saw it.
type Segment struct {
	At       time.Time
	From, To netip.AddrPort
	// Packet has the sequence numbers of the header itself, and names no host.
	Packet  Packet
	Leaving bool // it was leaving the host where it was captured, or else coming
}

// A Decoder finds the TCP segments in IP packets. The zero value is ready. It
// must not be used by several goroutines at the same time.
type Decoder struct {
	ip4     layers.IPv4
	ip6     layers.IPv6
	tcp     layers.TCP
	parsers map[byte]*gopacket.DecodingLayerParser // by version of IP
	found   []gopacket.LayerType
	flags   map[byte]string // those that were named already
}

// Segment decodes a packet, from its IP header on and as far as it was captured,
// that is length bytes long as a whole. It keeps the packet, and leaves time and
// direction to the caller. ok is false if it is no TCP segment.
func (d *Decoder) Segment(packet []byte, length int) (s Segment, ok bool) {
	if d.parsers == nil { // what is behind the headers was cut off, which is no error
		d.parsers = map[byte]*gopacket.DecodingLayerParser{
			4: gopacket.NewDecodingLayerParser(layers.LayerTypeIPv4, &d.ip4, &d.tcp),
			6: gopacket.NewDecodingLayerParser(layers.LayerTypeIPv6, &d.ip6, &d.tcp),
		}
		d.flags = map[byte]string{}
	}
	if len(packet) == 0 || d.parsers[packet[0]>>4] == nil {
		return s, false
	}
	version := packet[0] >> 4
	d.parsers[version].DecodeLayers(packet, &d.found) // an error concerns what is behind TCP
	if len(d.found) < 2 || d.found[1] != layers.LayerTypeTCP {
		return s, false
	}
	s.Packet = Packet{Flags: d.name(d.tcp.Contents[13]), Seq: d.tcp.Seq, Window: int(d.tcp.Window), Data: packet,
		Length: length, TTL: int(d.ip6.HopLimit)}
	if d.tcp.ACK {
		s.Packet.Ack = d.tcp.Ack
	}
	from, to := Addresses(packet)
	s.From = netip.AddrPortFrom(from, uint16(d.tcp.SrcPort))
	s.To = netip.AddrPortFrom(to, uint16(d.tcp.DstPort))
	headers := len(d.ip6.Contents) + len(d.tcp.Contents)
	if version == 4 {
		s.Packet.TTL, s.Packet.IPID = int(d.ip4.TTL), int(d.ip4.Id)
		headers = len(d.ip4.Contents) + len(d.tcp.Contents)
	}
	s.Packet.Len = max(0, length-headers)
	return s, true
}

// Addresses returns the source and the destination of an IP packet; they are
// not valid if it is none.
func Addresses(packet []byte) (from, to netip.Addr) {
	switch {
	case len(packet) >= 20 && packet[0]>>4 == 4:
		return netip.AddrFrom4([4]byte(packet[12:16])), netip.AddrFrom4([4]byte(packet[16:20]))
	case len(packet) >= 40 && packet[0]>>4 == 6:
		return netip.AddrFrom16([16]byte(packet[8:24])), netip.AddrFrom16([16]byte(packet[24:40]))
	}
	return
}

// name names the flags of a header (RFC 9293, section 3.1), in the order in
// which people say them.
func (d *Decoder) name(bits byte) string {
	if text, ok := d.flags[bits]; ok {
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
	d.flags[bits] = strings.Join(names, " ")
	return d.flags[bits]
}
