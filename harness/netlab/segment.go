package netlab

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// Flags are the control bits of a segment (RFC 9293, section 3.1).
type Flags uint8

const (
	FIN Flags = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// String names the flags, as in "RST ACK".
func (f Flags) String() string {
	var names []string
	for i, name := range []string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"} {
		if f&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// A Segment is a TCP segment in an IPv4 packet.
type Segment struct {
	Source, Destination netip.AddrPort

	Seq, Ack uint32 // absolute, as in the header
	Flags    Flags
	Window   uint16 // not scaled
	Options  []layers.TCPOption
	Payload  []byte

	TTL uint8  // time to live; in one to be sent 0 means 64
	ID  uint16 // IPv4's identification
	// BadChecksum makes a segment that is sent bear a wrong TCP checksum.
	BadChecksum bool
	// Outgoing says of a segment from a Tap that it was leaving the host. A
	// router sees what it forwards twice, arriving and leaving.
	Outgoing bool
}

// Next returns the sequence number that follows the segment: SEG.SEQ +
// SEG.LEN, where SYN and FIN count (RFC 9293, section 3.4).
func (s Segment) Next() uint32 {
	next := s.Seq + uint32(len(s.Payload))
	for _, counted := range []Flags{SYN, FIN} {
		if s.Flags&counted != 0 {
			next++
		}
	}
	return next
}

// String describes the segment in a line.
func (s Segment) String() string {
	return fmt.Sprintf("%v > %v %v seq %d ack %d len %d win %d ttl %d id %d",
		s.Source, s.Destination, s.Flags, s.Seq, s.Ack, len(s.Payload), s.Window, s.TTL, s.ID)
}

// ParseSegment reads an IPv4 packet. One that is no whole TCP segment is an
// error; checksums are not looked at.
func ParseSegment(packet []byte) (Segment, error) {
	var ip layers.IPv4
	var tcp layers.TCP
	parser := gopacket.NewDecodingLayerParser(layers.LayerTypeIPv4, &ip, &tcp)
	parser.IgnoreUnsupported = true // what gopacket takes the payload for, by the ports
	var found []gopacket.LayerType
	if err := parser.DecodeLayers(bytes.Clone(packet), &found); err != nil {
		return Segment{}, fmt.Errorf("parse a segment: %w", err)
	}
	if len(found) < 2 || found[1] != layers.LayerTypeTCP {
		return Segment{}, fmt.Errorf("parse a segment: found %v: want IPv4 and TCP", found)
	}
	source, _ := netip.AddrFromSlice(ip.SrcIP)
	destination, _ := netip.AddrFromSlice(ip.DstIP)
	s := Segment{
		Source:      netip.AddrPortFrom(source, uint16(tcp.SrcPort)),
		Destination: netip.AddrPortFrom(destination, uint16(tcp.DstPort)),
		Seq:         tcp.Seq, Ack: tcp.Ack, Window: tcp.Window, Payload: tcp.Payload,
		TTL: ip.TTL, ID: ip.Id,
	}
	if len(tcp.Options) > 0 {
		s.Options = tcp.Options
	}
	for i, set := range []bool{tcp.FIN, tcp.SYN, tcp.RST, tcp.PSH, tcp.ACK, tcp.URG, tcp.ECE, tcp.CWR} {
		if set {
			s.Flags |= 1 << i
		}
	}
	return s, nil
}

// MarshalBinary returns the segment as an IPv4 packet, with checksums and
// without leave to fragment it.
func (s Segment) MarshalBinary() ([]byte, error) {
	for _, end := range []netip.AddrPort{s.Source, s.Destination} {
		if !end.Addr().Is4() {
			return nil, fmt.Errorf("segment: an end is %v: allowed is an IPv4 address with a port", end)
		}
	}
	ip := &layers.IPv4{
		Version: 4, Protocol: layers.IPProtocolTCP, Flags: layers.IPv4DontFragment, Id: s.ID, TTL: s.TTL,
		SrcIP: s.Source.Addr().AsSlice(), DstIP: s.Destination.Addr().AsSlice(),
	}
	if ip.TTL == 0 {
		ip.TTL = 64
	}
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(s.Source.Port()), DstPort: layers.TCPPort(s.Destination.Port()),
		Seq: s.Seq, Ack: s.Ack, Window: s.Window, Options: s.Options,
		FIN: s.Flags&FIN != 0, SYN: s.Flags&SYN != 0, RST: s.Flags&RST != 0,
		PSH: s.Flags&PSH != 0, ACK: s.Flags&ACK != 0, URG: s.Flags&URG != 0,
		ECE: s.Flags&ECE != 0, CWR: s.Flags&CWR != 0,
	}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		return nil, fmt.Errorf("segment: %w", err)
	}
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, ip, tcp, gopacket.Payload(s.Payload)); err != nil {
		return nil, fmt.Errorf("segment: %w", err)
	}
	packet := buffer.Bytes()
	if s.BadChecksum {
		const ipHeader, checksumOffset = 20, 16 // RFC 791 without options; RFC 9293, section 3.1
		packet[ipHeader+checksumOffset] ^= 0xff
	}
	return packet, nil
}
