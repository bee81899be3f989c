package savefile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/evidence/savefile"
)

// TestOmissions counts what is no TCP segment, by reason.
func TestOmissions(t *testing.T) {
	later := bytes.Clone(ipv4)
	later[6], later[7] = 0, 3 // at byte 24
	for name, test := range map[string]struct {
		link uint32
		data []byte
	}{
		"not IP":                         {1, be(macs, uint16(0x0806), make([]byte, 28))},
		"not TCP":                        {101, in4(17, inUDP(53, []byte("question")))},
		"malformed header":               {101, append([]byte{0x42}, ipv4[1:]...)},
		"IP fragment behind the first":   {101, later},
		"encrypted (ESP, Wi-Fi)":         {101, in6(50, make([]byte, 40))},
		"link layer that is not known":   {999, ipv4},
		"too many tunnels in each other": {101, in4(4, in4(4, in4(4, in4(4, in4(4, in4(4, in4(4, in4(4, in4(4, ipv4)))))))))},
		"ICMP or ICMPv6, which may quote a TCP segment, cut off":      {101, in4(1, be("\x03\x0d\x00\x00\x00\x00\x00\x00", ipv4[:22]))},
		"cut off by the snap length before the end of the TCP header": {101, ipv4[:39]},
	} {
		var file bytes.Buffer
		file.Write(pcap(binary.LittleEndian, microseconds, test.link, frame{data: test.data, length: len(test.data) + 9},
			frame{data: test.data}))
		segments, omitted, err := all(t, &file)
		if err != nil || len(segments) != 0 || len(omitted) != 1 || omitted[0].What != name || omitted[0].Count != 2 {
			t.Errorf("%s: %v, %+v, %v", name, segments, omitted, err)
			continue
		}
		want := fmt.Sprintf("link layer %d, %d of %d bytes, from %02x ", test.link, len(test.data), len(test.data)+9, test.data[0])
		if example := omitted[0].Example; !strings.HasPrefix(example, want) || len(example) > 200 {
			t.Errorf("%s: the example is %q, want %q…", name, example, want)
		}
	}
}

// TestCutOff reads packets of which only a part was captured.
func TestCutOff(t *testing.T) {
	f := be(macs, uint16(0x0800), ipv4)
	for captured := range f {
		file := pcap(binary.LittleEndian, microseconds, 1, frame{data: f[:captured], length: len(f)})
		segments, omitted, err := all(t, bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		switch header := captured >= 14+20+20; {
		case header && (len(segments) != 1 || segments[0].Packet.Len != 3 || len(omitted) != 0):
			t.Errorf("%d bytes: %+v, %+v", captured, segments, omitted)
		case !header && (len(segments) != 0 || len(omitted) != 1 || !strings.HasPrefix(omitted[0].What, "cut off")):
			t.Errorf("%d bytes: %+v, %+v", captured, segments, omitted)
		}
	}
}

// TestUnusualLengths reads packets that do not say how long they are, and the
// first of several fragments.
func TestUnusualLengths(t *testing.T) {
	offload, jumbo, first := bytes.Clone(ipv4), bytes.Clone(ipv6), bytes.Clone(ipv4)
	offload[2], offload[3], jumbo[4], jumbo[5] = 0, 0, 0, 0
	first[6] = 0x20
	fragment6 := in6(44, be("\x06\x00\x00\x01\x00\x00\x00\x01", ipv4[20:]))
	for name, test := range map[string]struct {
		data    []byte
		length  int
		want    int
		unknown evidence.Fields
	}{
		"IP length 0":                {offload, 65549, 65549 - 40, 0},
		"payload length 0":           {jumbo, 131072, 131072 - 60, 0},
		"the first fragment":         {first, 0, 3, evidence.FieldLen},
		"the first fragment of IPv6": {fragment6, 0, 3, evidence.FieldLen},
	} {
		file := pcap(binary.LittleEndian, microseconds, 101, frame{data: test.data, length: test.length})
		segments, omitted, err := all(t, bytes.NewReader(file))
		if err != nil || len(segments) != 1 || len(omitted) != 0 || segments[0].Packet.Len != test.want ||
			segments[0].Packet.Unknown != test.unknown {
			t.Errorf("%s: %+v, %+v, %v", name, segments, omitted, err)
		}
	}
}

// TestInterfaces reads from which interface and in which direction a segment
// was captured, and what the interfaces dropped.
func TestInterfaces(t *testing.T) {
	o := order(binary.BigEndian)
	cooked := func(index uint32, kind string) []byte {
		return be(uint16(0x0800), uint16(0), index, uint16(1), kind, "\x06", "12345678", ipv4)
	}
	file := join(o,
		section(o), describe(o, 101), describe(o, 101), describe(o, 1),
		enhanced(o, 1, 7, frame{data: ipv4}, option(o, 2, uint32(2)), option(o, 4, uint64(5))),
		block(o, 5, uint32(0), uint64(0), option(o, 5, uint64(9)), option(o, 7, uint64(1))),
		block(o, 5, uint32(0), uint64(0), option(o, 5, uint64(10)), option(o, 7, uint64(1)), option(o, 0)),
		block(o, 5, uint32(9), uint64(0), option(o, 5, uint64(1000))),
		section(o), describe(o, 276), describe(o, 101),
		enhanced(o, 0, 7, frame{data: cooked(3, "\x04")}), enhanced(o, 0, 7, frame{data: cooked(2, "\x00")}),
		enhanced(o, 1, 7, frame{data: ipv4}, option(o, 2, uint32(1))),
		block(o, 3, uint32(len(cooked(3, ""))+1), cooked(3, "\x00")))
	segments, omitted, err := all(t, bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	type where struct {
		point   int
		leaving bool
		unknown evidence.Fields
	}
	var got []where
	for _, s := range segments {
		got = append(got, where{s.Point, s.Leaving, s.Packet.Unknown})
	}
	want := []where{{1, true, 0}, {3<<16 + 3, true, 0}, {3<<16 + 2, false, 0}, {4, false, 0},
		{3<<16 + 3, false, evidence.FieldDate}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	dropped := []packets.Omission{{What: "dropped by the capture (as the file says)", Count: 16}}
	if !reflect.DeepEqual(omitted, dropped) {
		t.Errorf("got %+v, want %+v", omitted, dropped)
	}
	if !segments[4].At.IsZero() {
		t.Errorf("a simple packet at %v", segments[4].At)
	}
}

// TestDamaged reads files to where they are damaged.
func TestDamaged(t *testing.T) {
	o := order(binary.LittleEndian)
	two := pcap(o, microseconds, 101, frame{data: ipv4}, frame{data: ipv4})
	long := pcap(o, microseconds, 101, frame{data: ipv4})
	long = join(o, long, uint32(0), uint32(0), uint32(0xffffffff), uint32(0xffffffff), make([]byte, 1000))
	ng := join(o, section(o), describe(o, 101), enhanced(o, 0, 7, frame{data: ipv4}))
	other := block(o, 6, uint32(9), uint64(0), uint32(3), uint32(3), "abc")
	after := func(parts ...any) []byte { return join(o, append([]any{ng}, parts...)...) }
	mismatch := after(block(o, 5, uint32(0), uint64(0)))
	mismatch[len(mismatch)-1] = 1
	squashed := zipped(t, two)
	for name, test := range map[string]struct {
		file  []byte
		want  string
		ended bool // in the midst of something
	}{
		"cut in a packet":                   {two[:len(two)-1], "packet 2, at byte 83: the file ends within it", true},
		"cut in the head of a packet":       {two[:90], "packet 2, at byte 83: the file ends within it", true},
		"cut while compressed":              {squashed[:len(squashed)-9], "packet 3, at decompressed byte 142: the file ends within it", true},
		"a packet of 4 GB":                  {long, "packet 2, at byte 83: a packet of 4294967295 bytes: want at most 262144", false},
		"a block of 4 GB":                   {after(uint32(6), uint32(0xfffffffc)), "packet 2, at byte 124: a block of 4294967292 bytes", false},
		"an unknown block of 4 GB":          {after(uint32(99), uint32(0xfffffffc), "abc"), "packet 2, at byte 124: the file ends within it", true},
		"a block of no length":              {after(uint32(6), uint32(0)), "packet 2, at byte 124: a block of 0 bytes", false},
		"a block of odd length":             {after(uint32(6), uint32(33)), "packet 2, at byte 124: a block of 33 bytes", false},
		"two lengths":                       {mismatch, "that says", false},
		"an interface that was not there":   {after(other), "packet 2, at byte 124: a packet of interface 9: the section describes 1", false},
		"a packet longer than its block":    {after(block(o, 6, uint32(0), uint64(0), uint32(30), uint32(30), "abc")), "a packet of 30 bytes in a block with room for 4", false},
		"a packet block without a packet":   {after(block(o, 6, uint32(0))), "a packet block with 4 bytes", false},
		"statistics of nothing":             {after(block(o, 5, uint32(0))), "the statistics of an interface with 4 bytes", false},
		"an interface without a link layer": {after(block(o, 1, uint32(0))), "the description of an interface with 4 bytes", false},
		"no byte order":                     {after(uint32(0x0a0d0d0a), uint32(28), "abcdefghijklmnopqrst"), "a section of the byte order 61 62 63 64", false},
		"a section of another version":      {after(uint32(0x0a0d0d0a), uint32(28), uint32(0x1a2b3c4d), uint32(2), make([]byte, 12)), "pcapng of version 2", false},
		"a section of no length":            {after(uint32(0x0a0d0d0a), uint32(0), uint32(0x1a2b3c4d), uint32(1), make([]byte, 12)), "a section header of 0 bytes", false},
	} {
		segments, _, err := all(t, bytes.NewReader(test.file))
		if len(segments) == 0 || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %d segments, %v, want some and %q", name, len(segments), err, test.want)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) != test.ended {
			t.Errorf("%s: %v, io.ErrUnexpectedEOF is %v", name, err, !test.ended)
		}
	}
	for size := range ng { // wherever it is cut
		_, _, err := all(t, bytes.NewReader(ng[:size]))
		if ended := size == 28 || size == 48; (err == nil) != ended {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// TestNoTime reads time stamps of which no time can be made.
func TestNoTime(t *testing.T) {
	o := order(binary.LittleEndian)
	for name, options := range map[string][]byte{
		"10^-20 s":      option(o, 9, "\x14"),
		"2^-64 s":       option(o, 9, "\xc0"),
		"the year 1e11": join(o, option(o, 9, "\x00"), option(o, 14, uint64(1<<61))),
		"before Christ": join(o, option(o, 9, "\x00"), option(o, 14, ^uint64(1<<40))),
	} {
		file := join(o, section(o), describe(o, 101, options), enhanced(o, 0, 1<<60, frame{data: ipv4}))
		segments, _, err := all(t, bytes.NewReader(file))
		if err != nil || len(segments) != 1 || !segments[0].At.IsZero() || segments[0].Packet.Unknown != evidence.FieldDate {
			t.Errorf("%s: %+v, %v", name, segments, err)
		}
	}
}

// TestMemory reads files that claim more than they hold, or unpack to more than
// there is memory.
func TestMemory(t *testing.T) {
	o := order(binary.LittleEndian)
	bomb := zipped(t, join(o, section(o), describe(o, 101), block(o, 99, make([]byte, 64<<20)), enhanced(o, 0, 7, frame{data: ipv4})))
	interfaces := bytes.Repeat(describe(o, 101), 1<<17)
	for name, file := range map[string][]byte{
		"a bomb":          bomb,
		"interfaces":      join(o, section(o), interfaces),
		"a packet":        pcap(o, microseconds, 101, frame{data: ipv4, length: 1 << 31}),
		"an endless name": join(o, section(o), uint32(4), uint32(0xfffffff0), make([]byte, 8<<20)),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r, err := savefile.Open(bytes.NewReader(file))
		for err == nil {
			_, err = r.Next()
		}
		runtime.ReadMemStats(&after)
		allocated := after.TotalAlloc - before.TotalAlloc
		if allocated > 24<<20 {
			t.Errorf("%s: %d bytes for a file of %d", name, allocated, len(file))
		}
	}
}
