package protocols

import (
	"bytes"

	"golang.org/x/net/http2"
)

// passes is a mark of frames besides those of HTTP/1.1: bytes behind the
// header are about to be passed.
const passes = headEnds

// frames follows the frames of one direction, whatever pieces they come in.
// What a frame is shows when its header is complete: where that comes in
// pieces, what was to be before a frame is behind the first of them.
type frames struct {
	preface string // what is to come before the first frame
	met     func(f *frames, m mark, at int)

	any    bool // something has come
	lost   bool // nothing is known of what follows
	start  int  // of the present frame in the present piece; negative if in one before
	raw    [9]byte
	got    int               // bytes of the header
	header http2.FrameHeader // valid when all are there
	seen   int               // bytes behind it
	piece  []byte            // those about to be passed
	bytes  []byte            // the whole frame, if it has header fields
}

// maxBlock bounds a frame with header fields.
const maxBlock = 1 << 20

func (f *frames) see(b []byte) {
	f.any = f.any || len(b) > 0
	f.start = -f.got - f.seen
	for at := 0; at < len(b) && !f.lost; {
		switch {
		case f.preface != "":
			n := min(len(f.preface), len(b)-at)
			f.lost = string(b[at:at+n]) != f.preface[:n]
			f.preface = f.preface[n:]
			at += n
		case f.got < len(f.raw):
			at = f.heading(b, at)
		default:
			at = f.payload(b, at)
		}
	}
}

// heading follows the header of a frame.
func (f *frames) heading(b []byte, at int) int {
	if f.got == 0 {
		f.start = at
	}
	n := copy(f.raw[f.got:], b[at:])
	if f.got += n; f.got < len(f.raw) {
		return at + n
	}
	at += n
	f.header, _ = http2.ReadFrameHeader(bytes.NewReader(f.raw[:])) // 9 bytes are one
	f.seen, f.bytes = 0, f.bytes[:0]
	if f.lost = f.header.Length > maxBlock; f.lost {
		return at
	}
	if f.hasFields() {
		f.bytes = append(f.bytes, f.raw[:]...)
	}
	f.met(f, begins, f.clamp(0))
	return f.finish(at)
}

func (f *frames) hasFields() bool {
	return f.header.Type == http2.FrameHeaders || f.header.Type == http2.FrameContinuation
}

// clamp is an offset in the present frame as one in the present piece.
func (f *frames) clamp(offset int) int { return max(0, f.start+offset) }

// payload follows what is behind the header.
func (f *frames) payload(b []byte, at int) int {
	n := min(int(f.header.Length)-f.seen, len(b)-at)
	f.piece = b[at : at+n]
	f.met(f, passes, at)
	if f.hasFields() {
		f.bytes = append(f.bytes, f.piece...)
	}
	f.piece = nil
	f.seen += n
	return f.finish(at + n)
}

// finish ends the frame if all of it has come.
func (f *frames) finish(at int) int {
	if f.seen == int(f.header.Length) {
		f.met(f, ends, at)
		f.got, f.seen = 0, 0
	}
	return at
}

// within calls do if what is behind the first bytes of the payload begins in
// or right behind the piece at an offset.
func (f *frames) within(behind, at int, do func(at int)) {
	if f.seen < behind && behind <= f.seen+len(f.piece) {
		do(at + behind - f.seen)
	}
}
