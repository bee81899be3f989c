package flows_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence/flows"
	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// behindOptions makes an IPv6 packet with a RST behind a header of destination
// options of that many bytes, a multiple of 8.
func behindOptions(options int, seq uint32) []byte {
	packet := make([]byte, 40+options+20)
	packet[0], packet[6], packet[7], packet[23], packet[39] = 0x60, 6, 64, 1, 2
	binary.BigEndian.PutUint16(packet[4:], uint16(options+20))
	if options > 0 {
		packet[6], packet[40], packet[41] = 60, 6, byte(options/8-1)
	}
	tcp := packet[40+options:]
	binary.BigEndian.PutUint16(tcp, 40000)
	binary.BigEndian.PutUint16(tcp[2:], 80)
	binary.BigEndian.PutUint32(tcp[4:], seq)
	tcp[12], tcp[13] = 5<<4, 4
	return packet
}

// TestSegmentsThatWait adds segments that are not decoded from a buffer that is
// used again, some behind more headers than a tracker keeps: none is lost, and
// all come in their order.
func TestSegmentsThatWait(t *testing.T) {
	const segments = 50
	var got []int
	tracker := flows.New(flows.Limits{}, func(f *flows.Flow) {
		for _, e := range f.Events() {
			if e.Packet != nil {
				got = append(got, e.Packet.Length)
			}
		}
		if resets, _ := f.Resets(); resets != segments {
			t.Errorf("%d RSTs, want %d", resets, segments)
		}
	})
	buffer := make([]byte, 512)
	for i := range segments {
		packet := buffer[:copy(buffer, behindOptions(i%3*200, uint32(i)))]
		raw, ok := packets.FindSegment(packet, len(packet))
		if !ok {
			t.Fatalf("no segment in %x", packet)
		}
		raw.At = time.Unix(1_700_000_000, int64(i)*1e6)
		tracker.AddRaw(&raw)
		clear(buffer)
	}
	tracker.Close()
	want := []int{60, 260, 460, 60, 260, 460, 60, 260}
	if !slices.Equal(got, want) { // the first RST and the seven behind it are kept one by one
		t.Errorf("got packets of %v bytes, want %v", got, want)
	}
}
