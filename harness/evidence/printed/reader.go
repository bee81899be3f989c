package printed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
)

// ErrFormat is what an input is that is no text.
var ErrFormat = errors.New("not a text")

// A Reader reads the segments of one text. It must not be used by several
// goroutines at the same time.
type Reader struct {
	in      *bufio.Reader
	line    int    // the number of the last line that was read
	record  record // what has begun and is not whole
	icmp    bool   // the last packet was an ICMP error, which may quote one
	ready   []evidence.Segment
	clock   clock
	origins origins
	ports   ports
	points  map[string]int
	count   counts
	err     error
}

// A record is one packet, of one or several lines.
type record struct {
	text   string
	first  int // the number of its first line
	lines  int
	quoted bool // within an ICMP error
}

const (
	// lookAhead is how much of a text is read to see what its times mean.
	lookAhead = 256 << 10
	// longest is the longest line that is looked at.
	longest = 16 << 10
	// most is how many lines one packet may be spread over.
	most = 6
)

// Open looks at the beginning of a text. The error is [ErrFormat] if it is none,
// and that of r if it could not be read. A text without a packet is no error.
func Open(r io.Reader) (*Reader, error) {
	in := bufio.NewReaderSize(r, lookAhead)
	start, err := in.Peek(lookAhead)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read the text: %w", err)
	}
	if utf16, ok := fromUTF16(in, start); ok {
		return Open(utf16)
	}
	if at := bytes.IndexByte(start, 0); at >= 0 {
		return nil, fmt.Errorf("%w: byte %d is zero", ErrFormat, at)
	}
	opened := &Reader{in: in, points: map[string]int{}}
	opened.clock.learn(string(start))
	return opened, nil
}

// Next returns the next segment. Packet.Data is nil: texts show no bytes. The
// error is io.EOF after the last segment, or that of the reader.
//
// Point numbers the interfaces that tcpdump names before each packet when it
// captures on all of them, and Leaving is set where it says so.
func (r *Reader) Next() (evidence.Segment, error) {
	for len(r.ready) == 0 && r.err == nil {
		line, err := r.readLine()
		if err != nil {
			r.flush()
			r.err = err
			break
		}
		r.take(line)
	}
	if len(r.ready) > 0 {
		s := r.ready[0]
		r.ready = r.ready[1:]
		return s, nil
	}
	return evidence.Segment{}, r.err
}

// Omissions says what was not read as a segment so far. It is empty if the text
// had nothing but segments and prose.
func (r *Reader) Omissions() []evidence.Omission { return r.count.omissions() }

// readLine returns the next line, the rest of a very long one cut off.
func (r *Reader) readLine() (string, error) {
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		if room := longest - len(line); room > 0 {
			line = append(line, part[:min(room, len(part))]...)
		}
		if err == bufio.ErrBufferFull {
			continue
		}
		if err != nil && (err != io.EOF || len(line) == 0) {
			if err != io.EOF {
				err = fmt.Errorf("read line %d: %w", r.line+1, err)
			}
			return "", err
		}
		r.line++
		return string(line), nil
	}
}

// take adds a line to what has begun, or begins with it.
func (r *Reader) take(raw string) {
	line := clean(raw)
	switch {
	case r.count.summary(line):
		r.flush()
	case begins(line):
		r.flush()
		quoted := r.icmp && !hasTime(line) && strings.TrimLeft(raw, " \t") != raw
		r.record = record{text: line, first: r.line, lines: 1, quoted: quoted}
		r.icmp = r.icmp && quoted
	case r.record.lines == 0 || r.record.lines == most || strings.HasPrefix(line, "0x"):
		return // prose, or bytes
	default:
		r.record.text += " " + line
		r.record.lines++
	}
	if whole(r.record.text) {
		r.flush()
	}
}

// flush reads the record that has begun.
func (r *Reader) flush() {
	of := r.record
	r.record = record{}
	if of.lines == 0 {
		return
	}
	l, why := parse(of.text, &r.ports)
	switch {
	case why != read:
		r.icmp = why == icmp
		r.count.add(why, of)
	case of.quoted:
		r.count.add(quoted, of)
	default:
		r.icmp = false
		r.ready = append(r.ready, r.segment(l))
	}
}

// segment makes a segment of what a line says.
func (r *Reader) segment(l line) evidence.Segment {
	s := evidence.Segment{From: l.from, To: l.to, Packet: l.packet, Leaving: l.direction == "Out"}
	at, unknown := r.clock.time(l.stamp)
	s.At = at
	s.Packet.Unknown |= unknown
	if l.device != "" {
		number, ok := r.points[l.device]
		if !ok && len(r.points) < 1<<12 {
			number = len(r.points)
			r.points[l.device] = number
		}
		s.Point = number
	}
	r.origins.restore(&s, l.scheme)
	return s
}
