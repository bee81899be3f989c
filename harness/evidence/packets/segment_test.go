package packets_test

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// ipv4 is a RST from 127.0.0.1:8080 with sequence number 901 and three bytes behind
// the header.
var ipv4 = []byte{
	0x45, 0, 0, 43, 0x12, 0x34, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2,
	0x1f, 0x90, 0x9d, 0x68, 0, 0, 3, 0x85, 0, 0, 0, 7, 0x50, 0x14, 2, 0, 0, 0, 0, 0, 'a', 'b', 'c',
}

func TestDecoder(t *testing.T) {
	var d packets.Decoder
	s, ok := d.Segment(ipv4, len(ipv4))
	from, to := netip.MustParseAddrPort("127.0.0.1:8080"), netip.MustParseAddrPort("127.0.0.2:40296")
	p := s.Packet
	if !ok || s.From != from || s.To != to || p.Flags != "RST ACK" || p.Seq != 901 || p.Ack != 7 || p.Len != 3 ||
		p.Window != 512 || p.TTL != 64 || p.IPID != 0x1234 || !p.RST() || p.Length != len(ipv4) {
		t.Errorf("got %+v, %v", s, ok)
	}
	if cut, ok := d.Segment(ipv4[:40], len(ipv4)); !ok || cut.Packet.Len != 3 {
		t.Errorf("cut behind its header: got %+v, %v, want the same length", cut, ok)
	}
	udp := append([]byte(nil), ipv4...)
	udp[9] = 17
	for _, none := range [][]byte{nil, {}, {0x45}, ipv4[:19], ipv4[:30], udp, {0x60, 0}, {0xf0}} {
		if s, ok := d.Segment(none, len(none)); ok {
			t.Errorf("%x was taken for %+v", none, s)
		}
	}
}

// TestDecoderAgreesWithGopacket decodes packets with any values in their headers
// twice.
func TestDecoderAgreesWithGopacket(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var d packets.Decoder
	for range 20_000 {
		packet, first := anyPacket(t, random)
		packet = packet[:min(len(packet), 20+random.IntN(len(packet)))]
		decoded := gopacket.NewPacket(packet, first, gopacket.NoCopy)
		s, ok := d.Segment(packet, len(packet))
		want, is := decoded.Layer(layers.LayerTypeTCP).(*layers.TCP)
		is = is && len(want.Contents) > 0 // it gives one, too, where it failed
		if is && (!ok || uint16(want.SrcPort) != s.From.Port() || uint16(want.DstPort) != s.To.Port() ||
			want.Seq != s.Packet.Seq || want.ACK != s.Packet.Has("ACK") || want.ACK && want.Ack != s.Packet.Ack ||
			want.SYN != s.Packet.Has("SYN") || want.FIN != s.Packet.Has("FIN") || want.RST != s.Packet.Has("RST") ||
			want.PSH != s.Packet.Has("PSH") || want.URG != s.Packet.Has("URG") || want.ECE != s.Packet.Has("ECE") ||
			want.CWR != s.Packet.Has("CWR") || int(want.Window) != s.Packet.Window || len(want.Payload) != s.Packet.Len) {
			t.Fatalf("%x: %+v, %v, want %+v", packet, s, ok, want)
		}
		if !is && ok { // a segment whose options were cut off, which is none to gopacket
			if _, whole := s.Packet.TCPOptions(); whole {
				t.Fatalf("%x: %+v, want none", packet, s)
			}
		}
		checkNetwork(t, s, is, decoded.NetworkLayer())
	}
}

// checkNetwork compares addresses and what the IP header says.
func checkNetwork(t *testing.T, s evidence.Segment, is bool, network gopacket.NetworkLayer) {
	t.Helper()
	if !is {
		return
	}
	from, to := network.NetworkFlow().Endpoints()
	ttl, id := 0, 0
	switch header := network.(type) {
	case *layers.IPv4:
		ttl, id = int(header.TTL), int(header.Id)
	case *layers.IPv6:
		ttl = int(header.HopLimit)
	}
	if from.String() != s.From.Addr().String() || to.String() != s.To.Addr().String() || s.Packet.TTL != ttl || s.Packet.IPID != id {
		t.Fatalf("%+v, want %v", s, network)
	}
}

// anyPacket makes a packet of TCP over IPv4 or IPv6, with options and extension
// headers.
func anyPacket(t *testing.T, random *rand.Rand) ([]byte, gopacket.Decoder) {
	t.Helper()
	bytes := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	tcp := append(bytes(20), bytes(random.IntN(60))...)
	tcp[12] = byte(5+random.IntN(4))<<4 | tcp[12]&1
	for at := 20; at < int(tcp[12]>>4)*4 && at < len(tcp); at++ {
		tcp[at] = 1 // padding: gopacket takes none for TCP whose options make no sense
	}
	if random.IntN(2) == 0 {
		ip := append(bytes(20), bytes(4*random.IntN(3))...)
		ip[0], ip[6], ip[7], ip[9] = byte(0x40+len(ip)/4), 0x40, 0, 6
		for at := 20; at < len(ip); at++ {
			ip[at] = 1
		}
		binary.BigEndian.PutUint16(ip[2:], uint16(len(ip)+len(tcp)))
		return append(ip, tcp...), layers.LayerTypeIPv4
	}
	ip, next := bytes(40), 6
	ip[0] = 0x60 | ip[0]&15
	for range random.IntN(3) {
		ip[next], next = 60, len(ip) // destination options: padding
		ip = append(ip, 0, 0, 1, 4, 0, 0, 0, 0)
	}
	ip[next] = 6
	binary.BigEndian.PutUint16(ip[4:], uint16(len(ip)-40+len(tcp)))
	return append(ip, tcp...), layers.LayerTypeIPv6
}
