package savefile_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence/savefile"
)

type order = binary.AppendByteOrder

var orders = map[string]order{"little-endian": binary.LittleEndian, "big-endian": binary.BigEndian}

func TestFormats(t *testing.T) {
	const seconds = 1700000000
	at := time.Unix(seconds, 123456000)
	stamp := func(units uint64) uint64 { return seconds*units + 123456*units/1e6 }
	ng := func(units uint64, options func(o order) []byte) func(o order) []byte {
		return func(o order) []byte {
			f := frame{data: ipv4}
			return join(o, section(o), describe(o, 101, options(o)), enhanced(o, 0, stamp(units), f))
		}
	}
	for name, write := range map[string]func(o order) []byte{
		"pcap": func(o order) []byte { return pcap(o, microseconds, 101, frame{seconds, 123456, ipv4, 0}) },
		"pcap in nanoseconds": func(o order) []byte {
			return pcap(o, nanoseconds, 101, frame{seconds, 123456000, ipv4, 0})
		},
		"modified pcap": func(o order) []byte { return pcap(o, modified, 101, frame{seconds, 123456, ipv4, 0}) },
		"pcap with the length of a frame check sequence": func(o order) []byte {
			return pcap(o, microseconds, 0x24000065, frame{seconds, 123456, ipv4, 0})
		},
		"pcap of version 2.2, whose lengths are swapped": func(o order) []byte {
			b := pcap(o, microseconds, 101, frame{seconds, 123456, ipv4, 0})
			copy(b[6:], join(o, uint16(2)))
			return b
		},
		"pcapng":                func(o order) []byte { return ng(1e6, func(order) []byte { return nil })(o) },
		"pcapng in nanoseconds": ng(1e9, func(o order) []byte { return option(o, 9, "\x09") }),
		"pcapng in milliseconds and an offset": func(o order) []byte {
			options := join(o, option(o, 9, "\x06"), option(o, 14, uint64(seconds-5)), option(o, 0))
			return join(o, section(o), describe(o, 101, options), enhanced(o, 0, 5123456, frame{data: ipv4}))
		},
		"pcapng with a negative offset": func(o order) []byte {
			options := option(o, 14, ^uint64(9))
			return join(o, section(o), describe(o, 101, options), enhanced(o, 0, stamp(1e6)+10e6, frame{data: ipv4}))
		},
		"pcapng in tenths of a nanosecond": ng(1e10, func(o order) []byte { return option(o, 9, "\x0a") }),
		"pcapng in units of 2^-32 s": func(o order) []byte {
			// 123456 µs are 530239482.494976 units: the next is 123456000.117 ns
			return join(o, section(o), describe(o, 101, option(o, 9, "\xa0")),
				enhanced(o, 0, seconds<<32+530239483, frame{data: ipv4}))
		},
		"pcapng with other blocks and options": func(o order) []byte {
			return join(o, section(o), block(o, 4, "names"), block(o, 10, "secrets"), describe(o, 101, option(o, 2, "eth0")),
				block(o, 0x40000bad, make([]byte, 3<<20)), enhanced(o, 0, stamp(1e6), frame{data: ipv4}, option(o, 1, "why")))
		},
		"pcapng with an old packet block": func(o order) []byte {
			return join(o, section(o), describe(o, 101), block(o, 2, uint16(0), uint16(0xffff), uint32(stamp(1e6)>>32),
				uint32(stamp(1e6)), uint32(len(ipv4)), uint32(len(ipv4)), ipv4))
		},
		"pcapng of two sections": func(o order) []byte {
			var other order = binary.BigEndian
			if o == other {
				other = binary.LittleEndian
			}
			return join(o, section(other), describe(other, 1), section(o), describe(o, 101),
				enhanced(o, 0, stamp(1e6), frame{data: ipv4}))
		},
	} {
		for of, o := range orders {
			for _, file := range [][]byte{write(o), zipped(t, write(o))} {
				segments, omitted, err := all(t, bytes.NewReader(file))
				if err != nil || len(segments) != 1 || len(omitted) != 0 {
					t.Errorf("%s, %s: %v, %v, %v", name, of, segments, omitted, err)
					continue
				}
				checkSegment(t, segments[0])
				if !segments[0].At.Equal(at) {
					t.Errorf("%s, %s: at %v, want %v", name, of, segments[0].At, at)
				}
			}
		}
	}
}

func TestNoCapture(t *testing.T) {
	for name, file := range map[string]string{
		"nothing":               "",
		"a letter":              "a",
		"text":                  "12:00:00.000000 IP 192.0.2.1.80 > 192.0.2.2.90: Flags [R], seq 1, win 0, length 0",
		"another version":       string(pcap(binary.LittleEndian, microseconds, 1))[:4] + "\x03\x00\x04\x00" + string(make([]byte, 16)),
		"something compressed":  string(zipped(t, []byte("text"))),
		"compressed by zstd":    "\x28\xb5\x2f\xfd\x00\x00\x00\x00",
		"a capture of snoop":    "snoop\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x04",
		"the end of a pcap":     string(ipv4),
		"an archive of Windows": "PK\x03\x04\x00\x00",
	} {
		if _, err := savefile.Open(bytes.NewReader([]byte(file))); !errors.Is(err, savefile.ErrFormat) {
			t.Errorf("%s: %v, want %v", name, err, savefile.ErrFormat)
		} else {
			t.Log(name, "·", err)
		}
	}
	broken := errors.New("broken pipe")
	if _, err := savefile.Open(io.MultiReader(bytes.NewReader(nil), failing{broken})); !errors.Is(err, broken) {
		t.Errorf("a reader that fails: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
