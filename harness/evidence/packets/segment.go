// Package packets reads IP packets, as captures have them: the TCP segments, and the
// ICMP errors that quote one. It decodes nothing that nobody asks for.
package packets

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/internal/ip"
)

// A RawSegment is a TCP segment whose place in its packet is known, and that is
// not decoded: of millions of segments few are looked at closely. [FindSegment]
// makes it, and [Decoder.Decode] makes a Segment of it.
type RawSegment struct {
	At      time.Time
	Data    []byte // the packet, from its IP header on and as far as it was captured
	TCP     int    // where in Data the TCP header begins, of which at least twenty bytes are there
	Length  int    // of the packet, in bytes, as a whole
	Unknown evidence.Fields
	Leaving bool // as in evidence.Segment
	Point   int  // likewise
}

// FindSegment finds the TCP segment in a packet, under the conditions of
// [Decoder.Segment]. It keeps the packet, and leaves time and direction to the
// caller.
func FindSegment(packet []byte, length int) (raw RawSegment, ok bool) {
	h, ok := ip.Parse(packet)
	if !ok || h.Protocol != ip.TCP || h.Cut || h.Offset != 0 || len(packet) < h.Len+20 || packet[h.Len+12]>>4 < 5 {
		return raw, false
	}
	raw = RawSegment{Data: packet, TCP: h.Len, Length: length}
	if h.More {
		raw.Unknown = evidence.FieldLen
	}
	return raw, true
}

// Payload returns how many bytes the segment carries.
func (r *RawSegment) Payload() int { return max(0, r.Length-r.TCP-int(r.Data[r.TCP+12]>>4)*4) }

// A Decoder finds the TCP segments in IP packets. The zero value is ready. It
// must not be used by several goroutines at the same time.
type Decoder struct {
	flags [256]string // the names of those that it met
}

// Segment decodes a packet, from its IP header on and as far as it was captured,
// that is length bytes long as a whole. It keeps the packet, and leaves time and
// direction to the caller. ok is false if it is no TCP segment, or the twenty
// bytes that each TCP header has were not captured. Of a segment in fragments
// the first is decoded, and [evidence.FieldLen] unknown.
func (d *Decoder) Segment(packet []byte, length int) (s evidence.Segment, ok bool) {
	raw, ok := FindSegment(packet, length)
	if !ok {
		return s, false
	}
	return d.Decode(&raw), true
}

// Decode decodes a segment. It keeps its bytes.
func (d *Decoder) Decode(raw *RawSegment) evidence.Segment {
	packet, tcp := raw.Data, raw.Data[raw.TCP:]
	s := evidence.Segment{At: raw.At, Leaving: raw.Leaving, Point: raw.Point}
	s.Packet = evidence.Packet{Flags: d.name(tcp[13]), Seq: binary.BigEndian.Uint32(tcp[4:]), Len: raw.Payload(),
		Window: int(binary.BigEndian.Uint16(tcp[14:])), Data: packet, Length: raw.Length, Unknown: raw.Unknown}
	if tcp[13]&0x10 != 0 {
		s.Packet.Ack = binary.BigEndian.Uint32(tcp[8:])
	}
	if packet[0]>>4 == 4 {
		s.Packet.TTL, s.Packet.IPID = int(packet[8]), int(binary.BigEndian.Uint16(packet[4:]))
	} else {
		s.Packet.TTL = int(packet[7])
	}
	from, to := Addresses(packet)
	s.From = netip.AddrPortFrom(from, binary.BigEndian.Uint16(tcp))
	s.To = netip.AddrPortFrom(to, binary.BigEndian.Uint16(tcp[2:]))
	return s
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
	if d.flags[bits] != "" || bits == 0 {
		return d.flags[bits]
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
