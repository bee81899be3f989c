package savefile

import (
	"bufio"
	"compress/gzip"
	"io"
)

const (
	// window is how many bytes of a file are in memory. A record has to fit.
	window = 512 << 10
	// piece is how many are read at once: few enough to be in a processor's cache
	// still when they are looked at.
	piece = 64 << 10
)

// A stream gives out a file piece by piece, and knows where it is.
type stream struct {
	b          *bufio.Reader
	ahead      []byte // what b has in memory and was not given out
	given      int    // how many bytes before ahead b has not been told of
	offset     int64  // of the next byte
	compressed bool   // offset counts what came out of gzip
}

// pieces reads a piece at a time.
type pieces struct{ from io.Reader }

func (p pieces) Read(b []byte) (int, error) { return p.from.Read(b[:min(len(b), piece)]) }

// newStream looks into a file and decompresses it if need be.
func newStream(r io.Reader) (*stream, error) {
	s := &stream{b: bufio.NewReaderSize(pieces{r}, window)}
	if start, _ := s.b.Peek(3); string(start) != "\x1f\x8b\x08" {
		return s, nil
	}
	inner, err := gzip.NewReader(bufio.NewReader(s.b))
	if err != nil {
		return nil, err
	}
	return &stream{b: bufio.NewReaderSize(pieces{inner}, window), compressed: true}, nil
}

// take returns the next n bytes, n being at most window. They are valid until
// the next call. The error is io.EOF if the file ends before the first and
// io.ErrUnexpectedEOF if it ends within.
func (s *stream) take(n int) ([]byte, error) {
	if n > len(s.ahead) {
		if err := s.fill(n); err != nil {
			return nil, err
		}
	}
	data := s.ahead[:n:n]
	s.ahead, s.given, s.offset = s.ahead[n:], s.given+n, s.offset+int64(n)
	return data, nil
}

// fill gets the next n bytes into memory.
func (s *stream) fill(n int) error {
	s.sync()
	data, err := s.b.Peek(n)
	if err != nil {
		if err == io.EOF && len(data) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	s.ahead, _ = s.b.Peek(s.b.Buffered())
	return nil
}

// sync tells b of what was given out.
func (s *stream) sync() {
	s.b.Discard(s.given) // cannot fail: it is in the buffer
	s.ahead, s.given = nil, 0
}

// rest returns the next n bytes of a record that has begun.
func (s *stream) rest(n int) ([]byte, error) {
	data, err := s.take(n)
	return data, within(err)
}

// skip passes over n bytes of a record that has begun, however many.
func (s *stream) skip(n int64) error {
	s.sync()
	passed, err := io.CopyN(io.Discard, s.b, n)
	s.offset += passed
	return within(err)
}

// within makes an end of the file one that was not expected.
func within(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
