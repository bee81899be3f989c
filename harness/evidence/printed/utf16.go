package printed

import (
	"bufio"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// fromUTF16 recodes a text that begins with the byte order mark of UTF-16, as
// redirections of PowerShell do.
func fromUTF16(in *bufio.Reader, start []byte) (io.Reader, bool) {
	var order binary.ByteOrder
	switch {
	case len(start) < 2:
		return nil, false
	case start[0] == 0xff && start[1] == 0xfe:
		order = binary.LittleEndian
	case start[0] == 0xfe && start[1] == 0xff:
		order = binary.BigEndian
	default:
		return nil, false
	}
	in.Discard(2)
	return &recoder{in: in, order: order}, true
}

// A recoder gives out a text of UTF-16 as UTF-8.
type recoder struct {
	in    *bufio.Reader
	order binary.ByteOrder
	rest  []byte
}

func (r *recoder) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		c, err := r.unit()
		if err != nil {
			return 0, err
		}
		if utf16.IsSurrogate(c) {
			second, err := r.unit()
			if err != nil {
				return 0, err
			}
			c = utf16.DecodeRune(c, second)
		}
		if c != 0 {
			r.rest = utf8.AppendRune(r.rest[:0], c)
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// unit returns the next sixteen bits.
func (r *recoder) unit() (rune, error) {
	var b [2]byte
	if _, err := io.ReadFull(r.in, b[:]); err != nil {
		if err == io.ErrUnexpectedEOF { // half of one
			err = io.EOF
		}
		return 0, err
	}
	return rune(r.order.Uint16(b[:])), nil
}
