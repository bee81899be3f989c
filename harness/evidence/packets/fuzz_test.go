package packets_test

import (
	"net/netip"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// FuzzDecode decodes IP packets as captures have them, cut off, too.
func FuzzDecode(f *testing.F) {
	const syn4 = "\x45\x00\x00\x28\x00\x00\x40\x00\x40\x06\x00\x00\x7f\x00\x00\x01\x7f\x00\x00\x02" +
		"\x9c\x40\x00\x50\x00\x00\x00\x01\x00\x00\x00\x00\x50\x02\x20\x00\x00\x00\x00\x00"
	const rst6 = "\x60\x00\x00\x00\x00\x14\x06\x40" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\x00\x50\x9c\x40\x00\x00\x00\x07\x00\x00\x00\x09\x50\x14\x00\x00\x00\x00\x00\x00"
	for _, packet := range []string{syn4, rst6, syn4[:30], rst6[:50], "\x4f" + syn4[1:]} {
		f.Add([]byte(packet), len(packet))
	}
	f.Fuzz(func(t *testing.T, data []byte, length int) {
		var decoder packets.Decoder
		segment, ok := decoder.Segment(data, length)
		if !ok {
			return
		}
		packet, from, to := segment.Packet, segment.From, segment.To
		if packet.Len < 0 || packet.TTL < 0 || packet.TTL > 255 {
			t.Errorf("%+v", packet)
		}
		if from.Addr() == (netip.Addr{}) || to.Addr() == (netip.Addr{}) {
			t.Errorf("from %v to %v", from, to)
		}
	})
}
