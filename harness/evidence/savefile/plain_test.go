package savefile_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/savefile"
)

// TestPlainFrames reads the same packets behind Ethernet, where the usual ones
// take a way of their own, and as raw IP, where none does: both must give the
// same segments and leave the same out.
func TestPlainFrames(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const packets = 3000
	segments := 0
	for range packets {
		kind, packet := uint16(0x0800), bytes.Clone(ipv4)
		if random.IntN(2) == 0 {
			kind, packet = 0x86dd, bytes.Clone(ipv6)
		}
		packet = append(packet, make([]byte, random.IntN(9))...)
		for range random.IntN(3) {
			packet[1+random.IntN(min(len(packet)-1, 60))] = byte(random.Uint32())
		}
		packet = packet[:min(len(packet), 20+random.IntN(2*len(packet)))]
		plain, left := readFrame(t, 1, be(macs, kind, packet))
		general, leftToo := readFrame(t, 101, packet)
		if !reflect.DeepEqual(plain, general) || left != leftToo {
			t.Fatalf("%x: behind Ethernet %+v, %q, want %+v, %q", packet, plain, left, general, leftToo)
		}
		if left == "" {
			segments++
		}
	}
	if segments < packets/10 || segments > packets*9/10 {
		t.Errorf("%d of %d packets are segments: the test compares too few of one kind", segments, packets)
	}
}

// readFrame reads the one frame of a capture: the segment, or why there is none.
func readFrame(t *testing.T, link uint32, data []byte) (evidence.Segment, string) {
	t.Helper()
	r, err := savefile.Open(bytes.NewReader(pcap(binary.LittleEndian, microseconds, link, frame{data: data})))
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Next()
	if err == nil {
		return s, ""
	}
	return s, r.Omissions()[0].What
}
