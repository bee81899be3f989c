package evidence_test

import (
	"net/netip"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
)

// ipv4 is a RST from 127.0.0.1:8080 with sequence number 901 and three bytes behind
// the header.
var ipv4 = []byte{
	0x45, 0, 0, 43, 0x12, 0x34, 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2,
	0x1f, 0x90, 0x9d, 0x68, 0, 0, 3, 0x85, 0, 0, 0, 7, 0x50, 0x14, 2, 0, 0, 0, 0, 0, 'a', 'b', 'c',
}

func TestDecoder(t *testing.T) {
	var d evidence.Decoder
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
