package protocols

import (
	"bytes"
	"errors"
	"io"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// frameHeader is the length of a frame's header (RFC 9113, section 4.1).
const frameHeader = 9

// A flow is one direction of a connection whose streams can end alone.
type flow struct {
	preface bool   // the client's preface is still to come
	come    []byte // what has come of the present unit
	whole   int    // how much of it is complete frames
	lost    bool   // it is no HTTP/2

	out    bytes.Buffer // what passes
	framer *http2.Framer

	table    *hpack.Decoder // that of the sender's header fields
	fields   []hpack.HeaderField
	size     uint64 // of the fields of the present block
	recoding bool   // the receiver's table is another
}

// maxTable bounds the table of a sender that was allowed more than the usual
// 4096 bytes. Its size changes where the sender says so (RFC 7541, section 6.3).
const maxTable = 1 << 20

func newFlow(preface string) *flow {
	d := &flow{preface: preface != ""}
	d.framer = http2.NewFramer(&d.out, nil) // into memory: writing cannot fail
	d.table = hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		if d.size += uint64(f.Size()); d.size <= maxBlock {
			d.fields = append(d.fields, f)
		}
	})
	d.table.SetAllowedMaxDynamicTableSize(maxTable)
	return d
}

// giveUp passes on what has come.
func (d *flow) giveUp() {
	d.out.Write(d.come)
	d.come, d.whole = nil, 0
}

// next cuts off the next unit: the preface, a frame, or the frames of a header
// block. A frame has at most 16 MiB, by its header.
func (d *flow) next() (unit []byte, complete bool) {
	if d.preface {
		n := min(len(http2.ClientPreface), len(d.come))
		d.lost = string(d.come[:n]) != http2.ClientPreface[:n]
		if d.lost || n < len(http2.ClientPreface) {
			return nil, false
		}
		return d.cut(n), true
	}
	for {
		rest := d.come[d.whole:]
		if len(rest) < frameHeader {
			return nil, false
		}
		header := headerOf(rest)
		n := frameHeader + int(header.Length)
		if d.lost = d.whole > 0 && d.whole+n > maxBlock; d.lost || len(rest) < n {
			return nil, false
		}
		if d.whole += n; !openBlock(header) {
			return d.cut(d.whole), true
		}
	}
}

func (d *flow) cut(n int) []byte {
	unit := d.come[:n]
	d.come, d.whole = d.come[n:], 0
	return unit
}

// openBlock says whether a frame is one of a header block behind which more
// frames of it are to come.
func openBlock(h http2.FrameHeader) bool {
	switch h.Type {
	case http2.FrameHeaders, http2.FramePushPromise, http2.FrameContinuation:
		return !h.Flags.Has(http2.FlagHeadersEndHeaders) // the same bit in all three
	}
	return false
}

// A fieldBlock is a header block, whose fields the flow has.
type fieldBlock struct {
	http2.HeadersFrameParam
	promised uint32 // the stream that a PUSH_PROMISE promises; 0 if it is none
}

// read decodes a header block. Padding is nothing that anyone misses.
func (d *flow) read(unit []byte) (block fieldBlock, understood bool) {
	from := http2.NewFramer(nil, bytes.NewReader(unit))
	d.fields, d.size = d.fields[:0], 0
	for {
		frame, err := from.ReadFrame()
		if errors.Is(err, io.EOF) {
			return block, d.table.Close() == nil && d.size <= maxBlock
		}
		var fragment []byte
		switch frame := frame.(type) {
		case *http2.HeadersFrame:
			block.StreamID, block.EndStream, block.Priority = frame.StreamID, frame.StreamEnded(), frame.Priority
			fragment = frame.HeaderBlockFragment()
		case *http2.PushPromiseFrame:
			block.StreamID, block.promised = frame.StreamID, frame.PromiseID
			if fragment = frame.HeaderBlockFragment(); frame.PromiseID == 0 {
				return block, false
			}
		case *http2.ContinuationFrame:
			fragment = frame.HeaderBlockFragment()
		default:
			return block, false // an error, which err has, or a frame that must not be there
		}
		if _, err := d.table.Write(fragment); err != nil {
			return block, false
		}
	}
}

// maxFragment fits into the smallest frame that anyone takes (RFC 9113, section
// 4.2), behind the priority or the promised stream.
const maxFragment = 1<<14 - 5

// write encodes a header block anew. It begins by emptying the receiver's table
// and only then names no field by it, whatever its size was before.
func (d *flow) write(block fieldBlock) {
	var all bytes.Buffer
	encoder := hpack.NewEncoder(&all)
	encoder.SetMaxDynamicTableSize(0)
	for _, f := range d.fields {
		encoder.WriteField(f) // into memory
	}
	first := all.Next(maxFragment)
	block.BlockFragment, block.EndHeaders = first, all.Len() == 0
	if block.promised != 0 {
		d.framer.WritePushPromise(http2.PushPromiseParam{
			StreamID: block.StreamID, PromiseID: block.promised, BlockFragment: first, EndHeaders: block.EndHeaders,
		})
	} else {
		d.framer.WriteHeaders(block.HeadersFrameParam)
	}
	for all.Len() > 0 {
		fragment := all.Next(maxFragment)
		d.framer.WriteContinuation(block.StreamID, all.Len() == 0, fragment)
	}
}
