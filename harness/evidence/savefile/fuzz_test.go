package savefile_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/evidence/savefile"
)

// FuzzReader reads files as strangers send them.
func FuzzReader(f *testing.F) {
	for _, o := range orders {
		f.Add(pcap(o, microseconds, 1, frame{data: be(macs, uint16(0x0800), ipv4)}, frame{data: ipv4}))
		f.Add(pcap(o, modified, 113, frame{data: make([]byte, 16)}))
		f.Add(join(o, section(o), describe(o, 101, option(o, 9, "\x89")), block(o, 4, "name"),
			enhanced(o, 0, 7, frame{data: ipv6}, option(o, 4, uint64(1))), block(o, 5, uint32(0), uint64(0)),
			block(o, 3, uint32(len(ipv4)), ipv4), section(o)))
	}
	f.Add(zipped(f, pcap(binary.LittleEndian, nanoseconds, 101, frame{data: in4(47, be(uint16(0), uint16(0x0800), ipv4))})))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := savefile.Open(bytes.NewReader(file))
		for err == nil {
			segment, failed := r.Next()
			err = failed
			if p := segment.Packet; failed == nil && (p.Len < 0 || p.Length < len(p.Data) || len(p.Data) < 40 || p.TTL > 255) {
				t.Errorf("%+v", segment)
			}
		}
		if r == nil {
			return
		}
		if _, again := r.Next(); again != err {
			t.Errorf("after %v: %v", err, again)
		}
		for _, o := range r.Omissions() {
			if o.What == "" || o.Count == 0 || len(o.Example) > 200 {
				t.Errorf("%+v", o)
			}
		}
	})
}

// FuzzFrame decodes frames of any link layer.
func FuzzFrame(f *testing.F) {
	for _, link := range []uint32{0, 1, 9, 101, 105, 113, 127, 149, 219, 258, 276} {
		f.Add(link, be(macs, uint16(0x8100), uint16(1), uint16(0x0800), in4(17, inUDP(4789, ipv4))))
		f.Add(link, in4(1, be("\x03\x04\x00\x00\x00\x00\x05\x78", ipv4[:28])))
		f.Add(link, in6(58, be("\x01\x04\x00\x00\x00\x00\x00\x00", ipv6)))
		f.Add(link, in6(44, be("\x06\x00\x00\x01\x00\x00\x00\x01", ipv4[20:])))
	}
	f.Fuzz(func(t *testing.T, link uint32, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		r, err := savefile.Open(bytes.NewReader(pcap(binary.BigEndian, nanoseconds, link, frame{data: data})))
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		r.OnICMP(func(e *packets.ICMPError) {
			if told++; e.What.Message == "" || !e.From.IsValid() || !e.Sender.IsValid() {
				t.Errorf("%+v", e)
			}
		})
		_, err = r.Next()
		if omitted := r.Omissions(); err != nil && (err != io.EOF || len(omitted)+told != 1 || told == 0 && omitted[0].Count != 1) {
			t.Errorf("%v, %+v, %d of ICMP", err, omitted, told)
		}
	})
}
