package savefile_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/evidence/savefile"
)

// BenchmarkReader reads segments, without decoding them, behind Ethernet, IPv4 and IPv6 in turn.
func BenchmarkReader(b *testing.B) {
	const count = 100_000
	frames := []frame{{data: be(macs, uint16(0x0800), ipv4)}, {data: be(macs, uint16(0x86dd), ipv6)}}
	file := pcap(binary.LittleEndian, microseconds, 1)
	head := len(file)
	file = append(file, bytes.Repeat(pcap(binary.LittleEndian, microseconds, 1, frames...)[head:], count/2)...)
	var raw packets.RawSegment
	b.ReportAllocs()
	for b.Loop() {
		r, err := savefile.Open(bytes.NewReader(file))
		for err == nil {
			err = r.NextRaw(&raw)
		}
		if err != io.EOF {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/packet")
}
