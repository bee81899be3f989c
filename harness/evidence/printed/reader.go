package printed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// ErrFormat is what an input is that is no text.
var ErrFormat = errors.New("not a text")

// A Reader reads the segments of one text. It must not be used by several
// goroutines at the same time.
type Reader struct {
	in      *bufio.Reader
	line    int      // the number of the last line that was read
	record  record   // what has begun and is not whole
	icmp    bool     // the last packet was an ICMP error, which may quote one
	timed   bool     // that packet had a time
	message *message // that error, of which it is open what it quotes
	of      record   // the record of it
	heard   func(*packets.ICMPError)
	before  []shown // the last segments
	ready   []ready
	clock   clock
	origins origins
	ports   ports
	points  map[string]int
	count   counts
	err     error
}

// A ready is what has been read and not handed over: one of the two.
type ready struct {
	segment evidence.Segment
	icmp    *packets.ICMPError
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

// OnICMP has a function called with each ICMP or ICMPv6 error that quotes a TCP
// segment, when [Reader.Next] passes over it on its way to the segment that it
// returns. Where the text does not show what is quoted, it is about the segment
// that the last lines show to the destination that it names, and Guessed, or is
// among the omissions.
func (r *Reader) OnICMP(f func(*packets.ICMPError)) { r.heard = f }

// Next returns the next segment. Packet.Data is nil: texts show no bytes. The
// error is io.EOF after the last segment, or that of the reader.
//
// Point numbers the interfaces that tcpdump names before each packet when it
// captures on all of them, and Leaving is set where it says so.
func (r *Reader) Next() (evidence.Segment, error) {
	for {
		for len(r.ready) == 0 && r.err == nil {
			line, err := r.readLine()
			if err != nil {
				r.flush()
				r.settle()
				r.err = err
				break
			}
			r.take(line)
		}
		if len(r.ready) == 0 {
			return evidence.Segment{}, r.err
		}
		next := r.ready[0]
		r.ready = r.ready[1:]
		switch {
		case next.icmp == nil:
			return next.segment, nil
		case r.heard != nil:
			r.heard(next.icmp)
		}
	}
}

// Omissions says what was not read as a segment so far. It is empty if the text
// had nothing but segments and prose.
func (r *Reader) Omissions() []packets.Omission { return r.count.omissions() }

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
	case begins(line), r.quotes(line):
		r.flush()
		quoted := r.icmp && !hasTime(line) && (r.timed || strings.TrimLeft(raw, " \t") != raw)
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

// quotes says whether a line begins what an ICMP error quotes, before which
// tcpdump -e prints no "IP".
func (r *Reader) quotes(line string) bool {
	return strings.HasPrefix(line, "(tos ") && strings.Contains(r.record.text, ": ICMP ")
}

// flush reads the record that has begun.
func (r *Reader) flush() {
	of := r.record
	r.record = record{}
	if of.lines == 0 {
		return
	}
	l, why := parse(of.text, &r.ports)
	if of.quoted && r.message != nil {
		r.quoted(l, why, of)
		return
	}
	r.settle()
	switch {
	case why != read:
		r.icmp, r.timed = why == icmpPacket, hasTime(of.text)
		if m, is := errorIn(of.text, &r.ports); r.icmp && is {
			r.message, r.of = &m, of
			return
		}
		r.count.add(why, of)
	case of.quoted:
		r.count.add(quoted, of)
	default:
		r.icmp = false
		s := r.segment(l)
		if len(r.before) == shownAgo {
			r.before = append(r.before[:0], r.before[shownAgo/2:]...)
		}
		r.before = append(r.before, shown{s.From, s.To})
		r.ready = append(r.ready, ready{segment: s})
	}
}

// quoted enters what an ICMP error quotes.
func (r *Reader) quoted(l line, why omission, of record) {
	ends, ok := cutEnds(of.text, &r.ports)
	switch {
	case why == read:
		s := r.segment(l)
		unknown := s.Packet.Unknown & (evidence.FieldSeq | evidence.FieldOrigin)
		r.hand(shown{s.From, s.To}, s.Packet.Seq, unknown, false)
	case ok:
		r.hand(ends, 0, evidence.FieldSeq, false)
	default: // something else than TCP, or it is not understood
		r.count.add(why, of)
		r.message = nil
	}
}

// settle hands over an ICMP error that does not show what it quotes.
func (r *Reader) settle() {
	if r.message == nil {
		return
	}
	if ends, ok := r.message.guess(r.before); ok {
		r.hand(ends, 0, evidence.FieldSeq, true)
		return
	}
	r.count.add(icmpPacket, r.of)
	r.message = nil
}

// hand hands an ICMP error over.
func (r *Reader) hand(of shown, seq uint32, unknown evidence.Fields, guessed bool) {
	m := r.message
	r.message = nil
	at, _ := r.clock.time(m.stamp)
	m.what.Seq, m.what.Unknown, m.what.Guessed = seq, unknown, guessed
	r.ready = append(r.ready, ready{icmp: &packets.ICMPError{At: at, Sender: m.sender, From: of.from, To: of.to, What: m.what}})
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
