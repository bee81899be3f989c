package savefile_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/evidence/savefile"
)

// A frame is a packet for a file.
type frame struct {
	seconds  uint32
	fraction uint32
	data     []byte
	length   int // on the wire; 0: as long as data
}

func (f frame) wire() uint32 { return uint32(max(f.length, len(f.data))) }

// join writes numbers and bytes one after the other, in a byte order.
func join(order binary.AppendByteOrder, parts ...any) []byte {
	var b []byte
	for _, part := range parts {
		switch v := part.(type) {
		case uint16:
			b = order.AppendUint16(b, v)
		case uint32:
			b = order.AppendUint32(b, v)
		case uint64:
			b = order.AppendUint64(b, v)
		case []byte:
			b = append(b, v...)
		case string:
			b = append(b, v...)
		default:
			panic(part)
		}
	}
	return b
}

const (
	microseconds = 0xa1b2c3d4
	nanoseconds  = 0xa1b23c4d
	modified     = 0xa1b2cd34
)

// pcap writes a file of pcap-savefile(5).
func pcap(order binary.AppendByteOrder, magic uint32, link uint32, frames ...frame) []byte {
	b := join(order, magic, uint16(2), uint16(4), uint32(0), uint32(0), uint32(262144), link)
	for _, f := range frames {
		b = join(order, b, f.seconds, f.fraction, uint32(len(f.data)), f.wire())
		if magic == modified {
			b = join(order, b, uint32(1), uint16(0x0800), "\x00\x00")
		}
		b = append(b, f.data...)
	}
	return b
}

// block writes a block of a pcapng file.
func block(order binary.AppendByteOrder, kind uint32, parts ...any) []byte {
	body := join(order, parts...)
	body = append(body, make([]byte, -len(body)&3)...)
	length := uint32(12 + len(body))
	return join(order, kind, length, body, length)
}

func section(order binary.AppendByteOrder) []byte {
	return block(order, 0x0a0d0d0a, uint32(0x1a2b3c4d), uint16(1), uint16(0), ^uint64(0))
}

func describe(order binary.AppendByteOrder, link uint16, options ...any) []byte {
	return block(order, 1, append([]any{link, uint16(0), uint32(0)}, options...)...)
}

func option(order binary.AppendByteOrder, code uint16, value ...any) []byte {
	v := join(order, value...)
	return join(order, code, uint16(len(v)), v, make([]byte, -len(v)&3))
}

// enhanced writes an enhanced packet block with a time stamp in the units of
// its interface.
func enhanced(order binary.AppendByteOrder, from uint32, stamp uint64, f frame, options ...any) []byte {
	parts := []any{from, uint32(stamp >> 32), uint32(stamp), uint32(len(f.data)), f.wire(), f.data,
		make([]byte, -len(f.data)&3)}
	return block(order, 6, append(parts, options...)...)
}

func zipped(t testing.TB, file []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(file)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// all reads a file to its end. The segments keep their bytes.
func all(t testing.TB, file io.Reader) ([]evidence.Segment, []packets.Omission, error) {
	t.Helper()
	r, err := savefile.Open(file)
	if err != nil {
		return nil, nil, err
	}
	var segments []evidence.Segment
	for {
		s, err := r.Next()
		if err == io.EOF {
			return segments, r.Omissions(), nil
		}
		if err != nil {
			if _, again := r.Next(); again != err {
				t.Errorf("after %v: %v", err, again)
			}
			return segments, r.Omissions(), err
		}
		s.Packet.Data = bytes.Clone(s.Packet.Data)
		segments = append(segments, s)
	}
}
