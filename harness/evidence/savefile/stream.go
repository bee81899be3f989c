package savefile

import (
	"bufio"
	"compress/gzip"
	"io"
)

// window is how many bytes of a file are in memory. A record has to fit.
const window = 512 << 10

// A stream gives out a file piece by piece, and knows where it is.
type stream struct {
	b          *bufio.Reader
	offset     int64 // of the next byte
	compressed bool  // offset counts what came out of gzip
}

// newStream looks into a file and decompresses it if need be.
func newStream(r io.Reader) (*stream, error) {
	s := &stream{b: bufio.NewReaderSize(r, window)}
	if start, _ := s.b.Peek(3); string(start) != "\x1f\x8b\x08" {
		return s, nil
	}
	inner, err := gzip.NewReader(bufio.NewReader(s.b))
	if err != nil {
		return nil, err
	}
	return &stream{b: bufio.NewReaderSize(inner, window), compressed: true}, nil
}

// take returns the next n bytes, n being at most window. They are valid until
// the next call. The error is io.EOF if the file ends before the first and
// io.ErrUnexpectedEOF if it ends within.
func (s *stream) take(n int) ([]byte, error) {
	data, err := s.b.Peek(n)
	if err != nil {
		if err == io.EOF && len(data) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	s.b.Discard(n) // cannot fail: they are in the buffer
	s.offset += int64(n)
	return data, nil
}

// rest returns the next n bytes of a record that has begun.
func (s *stream) rest(n int) ([]byte, error) {
	data, err := s.take(n)
	return data, within(err)
}

// skip passes over n bytes of a record that has begun, however many.
func (s *stream) skip(n int64) error {
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
