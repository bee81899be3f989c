package savefile_test

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
)

// ipv4 is a RST that carries three bytes.
var ipv4 = []byte{
	0x45, 0, 0, 43, 0x12, 0x34, 0x40, 0, 64, 6, 0, 0, 192, 0, 2, 1, 198, 51, 100, 7,
	0x1f, 0x90, 0x9d, 0x68, 0, 0, 3, 0x85, 0, 0, 0, 7, 0x50, 0x14, 2, 0, 0, 0, 0, 0, 'a', 'b', 'c',
}

// ipv6 is the same.
var ipv6 = append(header6(6, len(ipv4)-20), ipv4[20:]...)

// header6 is the header of an IPv6 packet from 2001:db8::1 to 2001:db8::7.
func header6(next byte, payload int) []byte {
	h := []byte{0x60, 0, 0, 0, 0, 0, next, 64}
	binary.BigEndian.PutUint16(h[4:], uint16(payload))
	h = append(h, netip.MustParseAddr("2001:db8::1").AsSlice()...)
	return append(h, netip.MustParseAddr("2001:db8::7").AsSlice()...)
}

// header4 is the header of an IPv4 packet from 203.0.113.1 to 203.0.113.2.
func header4(protocol byte, payload int) []byte {
	h := []byte{0x45, 0, 0, 0, 0, 1, 0, 0, 63, protocol, 0, 0, 203, 0, 113, 1, 203, 0, 113, 2}
	binary.BigEndian.PutUint16(h[2:], uint16(20+payload))
	return h
}

// in4 puts something into an IPv4 packet.
func in4(protocol byte, payload []byte) []byte {
	return append(header4(protocol, len(payload)), payload...)
}

// in6 puts something into an IPv6 packet.
func in6(next byte, payload []byte) []byte {
	return append(header6(next, len(payload)), payload...)
}

// inUDP puts something into a datagram to a port.
func inUDP(port uint16, payload []byte) []byte {
	return join(binary.BigEndian, uint16(40000), port, uint16(8+len(payload)), uint16(0), payload)
}

// checkSegment compares what was read with ipv4 or ipv6.
func checkSegment(t *testing.T, s evidence.Segment) {
	t.Helper()
	from, to, data, id := "192.0.2.1:8080", "198.51.100.7:40296", ipv4, 0x1234
	if s.From.Addr().Is6() {
		from, to, data, id = "[2001:db8::1]:8080", "[2001:db8::7]:40296", ipv6, 0
	}
	p := s.Packet
	if s.From.String() != from || s.To.String() != to || p.Flags != "RST ACK" || p.Seq != 901 || p.Ack != 7 ||
		p.Len != 3 || p.Window != 512 || p.TTL != 64 || p.IPID != id || p.Length != len(data) || p.Unknown != 0 {
		t.Errorf("read %+v", s)
	}
	if string(p.Data) != string(data) {
		t.Errorf("read %x, want %x", p.Data, data)
	}
}
