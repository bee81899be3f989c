package protocols

import (
	"bytes"
	"strconv"
)

// A resp follows the values of one direction of a RESP connection, RESP2 and
// RESP3 (redis.io/docs/latest/develop/reference/protocol-spec), whatever
// pieces they come in.
type resp struct {
	inline bool // values may be inline commands: lines without a type
	// met is told of marks: in how many bytes of the present piece.
	met func(m mark, at int)

	line   []byte // the present one, without its end
	left   int    // of a bulk string, its CRLF included
	size   int    // of that, without
	open   []int  // values that the aggregates around are still waiting for
	inside bool   // a value has begun
	kind   byte   // the type of the top-level value
	bulks  int    // bulk strings so far in it
	name   []byte // the first of them, or an inline command
	lost   bool   // nothing is known of what follows
}

// The marks of values besides those that they share with HTTP/1.1: the head
// of a value is its first line, its body the bulk string behind.
const nextElement = nextChunk

const (
	maxRespLine = 64 << 10
	maxRespName = 32
	maxRespOpen = 32
	maxRespSize = 1 << 29 // what Redis allows a bulk string to be
)

func (r *resp) see(b []byte) {
	for at := 0; at < len(b) && !r.lost; {
		if r.left > 0 {
			at = r.bulk(b, at)
		} else {
			at = r.lines(b, at)
		}
	}
}

// lines follows the first line of a value.
func (r *resp) lines(b []byte, at int) int {
	if len(r.line) == 0 {
		r.begin(b[at], at)
	}
	end := bytes.IndexByte(b[at:], '\n')
	stop := at + end
	if end < 0 {
		stop = len(b)
	}
	if r.top() && len(r.line) < 2 && len(r.line)+stop-at >= 2 {
		r.met(inStatus, at+2-len(r.line))
	}
	if r.line = append(r.line, b[at:stop]...); len(r.line) > maxRespLine {
		r.lost = true
	}
	if end < 0 || r.lost {
		return stop
	}
	line := bytes.TrimSuffix(r.line, []byte("\r"))
	r.line = r.line[:0]
	r.value(line, stop+1)
	return stop + 1
}

// top says whether the present line is the first of a top-level value.
func (r *resp) top() bool { return len(r.open) == 0 }

func (r *resp) begin(kind byte, at int) {
	if !r.inside {
		r.inside, r.kind, r.bulks, r.name = true, kind, 0, r.name[:0]
		r.met(begins, at)
		if kind != '\n' {
			r.met(oneByte, at+1)
		}
	} else if len(r.open) == 1 && r.bulks == 1 {
		r.met(nextElement, at)
	}
}

// value is told of the first line of a value and what is behind it.
func (r *resp) value(line []byte, at int) {
	if len(line) == 0 {
		r.lost = !r.inline // an empty inline command is none
		r.complete(at)
		return
	}
	switch kind := line[0]; kind {
	case '+', '-', ':', '_', '#', ',', '(':
		r.complete(at)
	case '$', '=', '!', '*', '~', '>', '%', '|':
		n, err := strconv.Atoi(string(line[1:]))
		switch {
		case err != nil || n < -1 || n > maxRespSize:
			r.lost = true
		case kind == '$' || kind == '=' || kind == '!':
			r.bulkBegins(n, at)
		default:
			if kind == '%' || kind == '|' {
				n *= 2
			}
			r.aggregate(n, at)
		}
	default:
		if r.lost = !r.inline || !r.top(); !r.lost {
			word, _, _ := bytes.Cut(line, []byte(" "))
			r.name = append(r.name, word[:min(len(word), maxRespName)]...)
			r.complete(at)
		}
	}
}

func (r *resp) bulkBegins(n, at int) {
	if n < 0 { // null in RESP2
		r.complete(at)
		return
	}
	if r.size, r.left = n, n+len("\r\n"); n > 0 {
		r.met(headEnds, at)
	}
}

func (r *resp) aggregate(n, at int) {
	switch {
	case n <= 0:
		r.complete(at)
	case len(r.open) == maxRespOpen:
		r.lost = true
	default:
		r.open = append(r.open, n)
	}
}

// bulk follows a bulk string and its CRLF.
func (r *resp) bulk(b []byte, at int) int {
	n := min(len(b)-at, r.left)
	seen := r.size + len("\r\n") - r.left
	if half := r.size / 2; half > 0 && seen < half && half <= seen+n {
		r.met(halfway, at+half-seen)
	}
	if r.bulks == 0 && seen < r.size {
		more := b[at : at+min(n, r.size-seen)]
		r.name = append(r.name, more[:min(len(more), maxRespName-min(maxRespName, len(r.name)))]...)
	}
	if r.left -= n; r.left == 0 {
		r.bulks++
		r.complete(at + n)
	}
	return at + n
}

// complete closes a value, and the aggregates that it was the last of.
func (r *resp) complete(at int) {
	for len(r.open) > 0 {
		last := len(r.open) - 1
		if r.open[last]--; r.open[last] > 0 {
			return
		}
		r.open = r.open[:last]
	}
	r.inside = false
	if !r.lost {
		r.met(ends, at)
	}
}
