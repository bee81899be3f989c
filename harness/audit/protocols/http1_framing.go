package protocols

import "bytes"

// A mark is something met in an HTTP/1.1 message, in either direction.
type mark int

const (
	begins    mark = iota // before its first byte
	oneByte               // behind its first byte
	inStatus              // within the start line
	inName                // within the name of its first header field
	inValue               // within the value of its first header field
	headEnds              // behind its head, where a body follows
	bodyByte              // behind the first byte of the body's data
	halfway               // behind half of a body whose length is known
	openEnded             // behind some bytes of a body that ends with the connection
	inChunk               // behind half of the first chunk's data
	nextChunk             // before the second chunk
	lastChunk             // before the last chunk, which is empty
	inTrailer             // within the name of the first trailer field
	ends                  // behind its last byte
)

// A body says how the body of a message is delimited: RFC 9112, section 6.
type body int64

// The bodies besides those of a known length.
const (
	chunked    body = -1
	untilClose body = -2
	unknown    body = -3 // nothing that follows is HTTP/1.1
)

// someBytes is how much of a body without an announced length is "some".
const someBytes = 64

// maxHead bounds a head. It is net/http's own bound for servers.
const maxHead = 1 << 20

// maxLine bounds the length of a chunk's first line.
const maxLine = 4096

type phase int

const (
	inHead phase = iota
	inBody       // of a known length, or until the connection ends
	inChunkSize
	inChunkData
	behindChunk // the CRLF
	inTrailers
	lost // nothing is known of what follows
)

// A framing follows the HTTP/1.1 messages of one direction, whatever pieces
// they come in.
type framing struct {
	// parse says, from a head, which body follows.
	parse func(head []byte) body
	// met is told of marks: in how many bytes of the present piece.
	met func(m mark, at int)

	phase  phase
	head   []byte
	fields bool  // the first line of the head or of the trailers is complete
	length body  // of the present message
	left   int64 // of the body or chunk
	seen   int64 // bytes of data of the body
	chunks int   // chunks with data, complete ones
	size   int64 // of the present chunk
	digits int   // of its size
	column int   // in the present line
	blank  bool  // the present line has nothing but a CR so far
	valued int   // in the first field: 0 in its name, 1 behind the colon, 2 in its value, 3 behind
}

// see follows the next bytes.
func (f *framing) see(b []byte) {
	for at := 0; at < len(b) && f.phase != lost; {
		switch f.phase {
		case inHead:
			at = f.inHead(b, at)
		case inBody:
			at = f.data(b, at)
		case inChunkData:
			at = f.data(b, at)
		case inChunkSize:
			at = f.chunkSize(b, at)
		case behindChunk:
			at = f.behindChunk(b, at)
		case inTrailers:
			at = f.trailers(b, at)
		}
	}
}

// inHead follows a head up to the empty line that ends it.
func (f *framing) inHead(b []byte, at int) int {
	start := at
	if len(f.head) == 0 {
		f.blank, f.column, f.fields, f.valued = true, 0, false, 0
		f.met(begins, at)
		f.met(oneByte, at+1)
	}
	for ; at < len(b); at++ {
		c := b[at]
		if c == '\n' {
			if f.blank {
				f.head = append(f.head, b[start:at+1]...)
				f.headEnds(at + 1)
				return at + 1
			}
			if f.fields {
				f.valued = 3
			}
			f.fields, f.blank, f.column = true, true, 0
			continue
		}
		f.inLine(c, at)
	}
	if f.head = append(f.head, b[start:]...); len(f.head) > maxHead {
		f.phase = lost
	}
	return at
}

// inLine meets the marks within the lines of a head.
func (f *framing) inLine(c byte, at int) {
	f.blank = f.column == 0 && c == '\r'
	f.column++
	switch {
	case !f.fields:
		if f.column == len("HTTP/1.1 2") {
			f.met(inStatus, at+1)
		}
	case f.valued == 0 && c == ':':
		f.valued = 1
	case f.valued == 0 && f.column == 2 && c != '\r':
		f.met(inName, at+1)
	case f.valued == 1 && c != ' ' && c != '\t' && c != '\r':
		f.valued = 2
		f.met(inValue, at+1)
	}
}

func (f *framing) headEnds(at int) {
	f.length = f.parse(f.head)
	f.head = f.head[:0]
	f.seen, f.chunks = 0, 0
	switch {
	case f.length == unknown:
		f.phase = lost
	case f.length == 0:
		f.met(ends, at)
	case f.length == chunked:
		f.met(headEnds, at)
		f.beginChunk()
	default:
		f.met(headEnds, at)
		f.phase, f.left = inBody, int64(f.length)
	}
}

// data follows the data of a body, or of a chunk.
func (f *framing) data(b []byte, at int) int {
	n := int64(len(b) - at)
	if f.length != untilClose {
		n = min(n, f.left)
	}
	f.pass(bodyByte, 1, f.seen, n, at)
	switch {
	case f.length == untilClose:
		f.pass(openEnded, someBytes, f.seen, n, at)
	case f.phase == inBody:
		f.pass(halfway, int64(f.length)/2, f.seen, n, at)
	case f.chunks == 0:
		f.pass(inChunk, f.size/2, f.seen, n, at)
	}
	f.seen += n
	at += int(n)
	if f.length == untilClose {
		return at
	}
	if f.left -= n; f.left > 0 {
		return at
	}
	if f.phase == inChunkData {
		f.phase, f.column = behindChunk, 0
		f.chunks++
		return at
	}
	f.phase = inHead
	f.met(ends, at)
	return at
}

// pass meets a mark behind a number of bytes of data if it lies in the next n,
// of which seen have been before.
func (f *framing) pass(m mark, behind, seen, n int64, at int) {
	if seen < behind && behind <= seen+n {
		f.met(m, at+int(behind-seen))
	}
}

func (f *framing) beginChunk() {
	f.phase, f.size, f.digits, f.column = inChunkSize, 0, 0, 0
}

// chunkSize follows the first line of a chunk: its size, perhaps extensions.
// That a size begins with 0 is taken for the last chunk: nobody pads sizes.
func (f *framing) chunkSize(b []byte, at int) int {
	for ; at < len(b); at++ {
		c := b[at]
		if f.column++; f.column == 1 && f.chunks > 0 {
			if c == '0' {
				f.met(lastChunk, at)
			} else if f.chunks == 1 {
				f.met(nextChunk, at)
			}
		}
		digit := bytes.IndexByte([]byte("0123456789abcdef"), c|0x20)
		switch {
		case c == '\n' && f.digits > 0:
			f.chunkBegins()
			return at + 1
		case f.digits == f.column-1 && digit >= 0 && c > ' ' && f.digits < 15:
			f.size = f.size<<4 | int64(digit)
			f.digits++
		case f.digits == 0 || f.digits == 15 && digit >= 0 || f.column > maxLine:
			f.phase = lost
			return at
		}
	}
	return at
}

func (f *framing) chunkBegins() {
	f.phase, f.left = inChunkData, f.size
	if f.size == 0 {
		f.phase, f.column, f.blank, f.fields = inTrailers, 0, true, false
	}
}

// behindChunk follows the line end behind the data of a chunk.
func (f *framing) behindChunk(b []byte, at int) int {
	switch {
	case b[at] == '\n':
		f.beginChunk()
	case b[at] == '\r' && f.column == 0:
		f.column++
	default:
		f.phase = lost
	}
	return at + 1
}

// trailers follows the fields behind the last chunk up to the empty line.
func (f *framing) trailers(b []byte, at int) int {
	for ; at < len(b); at++ {
		switch c := b[at]; {
		case c == '\n' && f.blank:
			f.phase = inHead
			f.met(ends, at+1)
			return at + 1
		case c == '\n':
			f.fields, f.column, f.blank = true, 0, true
		default:
			f.blank = f.column == 0 && c == '\r'
			if f.column++; f.column == 2 && !f.fields && c != '\r' {
				f.met(inTrailer, at+1)
			}
		}
	}
	return at
}
