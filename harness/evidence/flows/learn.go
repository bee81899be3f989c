package flows

import (
	"math"
	"time"
)

// begunAnew says whether a segment begins a new connection between the ends of
// one that is known: a SYN with another number than its sender began with.
func (f *state) begunAnew(h *header, from uint8) bool {
	if !h.has(flagSYN) || h.has(flagACK) || h.has(flagRST) {
		return false
	}
	side, other := &f.sides[from], &f.sides[1-from]
	switch {
	case side.is(began):
		return side.base != h.seq
	case f.sums[from].segments == 0 && other.is(began) && f.sums[1-from].segments == 1:
		return false // both connect at the same time (RFC 9293, section 3.5)
	}
	return true
}

const (
	// A segment that passes a machine is captured again within this time.
	repeatWithin = 20_000 // microseconds
	// Without a number of its own in IP it must be so near that no sender
	// repeats itself: Linux waits two milliseconds at least (tcp_schedule_loss_probe).
	repeatAtOnce = 1000
)

// repeats says whether a segment was captured already. The same bytes that are
// sent again have another number in IP's header, another time stamp, or come
// later.
func (f *state) repeats(h *header, from uint8) bool {
	s, sums := &f.sides[from], &f.sums[from]
	mark, now := uint32(h.mark>>32)|1, uint32((h.at-f.first)/int64(time.Microsecond)) // a mark is never 0
	for i := range s.marks {
		if s.marks[i] != mark {
			continue
		}
		passed := int32(now - s.seen[i])
		if passed < 0 {
			passed = -passed // another interface's clock
		}
		if passed <= repeatAtOnce || passed <= repeatWithin && (sums.points[i] != h.point || h.numbered) {
			return true
		}
	}
	at := sums.segments % marksKept
	s.marks[at], s.seen[at], sums.points[at] = mark, now, h.point
	return false
}

// learn enters a segment into what is known of the connection.
func (f *state) learn(h *header, from uint8) {
	side, other, sums := &f.sides[from], &f.sides[1-from], &f.sums[from]
	f.clock(h, from)
	f.roles(h, from)
	if h.has(flagRST) {
		if !f.is(wasReset) {
			f.reset, f.resetBy, f.flags = h.at, from, f.flags|wasReset
		}
		f.rsts++
	}
	if h.has(flagACK) {
		if !other.is(based) {
			other.base, other.flags = h.ack-1, other.flags|based
		}
		if other.is(spoke) && after(h.ack, other.next) && !h.has(flagRST) {
			f.lost++
			other.next = h.ack // what is missing counts once
		}
		if !side.is(heard) || after(h.ack, side.ack) {
			side.ack, side.flags = h.ack, side.flags|heard
		}
	}
	sums.segments++
	if h.payload > 0 {
		sums.data++
	}
	if !h.has(flagRST) { // its number says nothing of what was sent
		side.send(h, sums)
	}
	side.last = h.at
}

// send enters what a segment takes of the sequence.
func (s *side) send(h *header, sums *counted) {
	if !s.is(based) || h.has(flagSYN) && !s.is(began) {
		s.base, s.flags = h.seq, s.flags|based
		if !h.has(flagSYN) {
			s.base--
		}
	}
	if h.has(flagSYN) {
		s.flags |= began
	}
	if h.has(flagFIN) {
		s.flags |= closing
	}
	behind := h.seq + h.span()
	switch {
	case !s.is(spoke):
		sums.bytes += uint64(h.payload)
		s.next, s.fresh, s.flags = behind, h.at, s.flags|spoke
	case after(behind, s.next):
		fresh := behind - s.next
		sums.bytes += uint64(min(fresh, h.payload))
		s.next, s.again, s.fresh = behind, 0, h.at
	case h.span() > 0:
		sums.again++
		s.again = min(s.again, math.MaxUint16-1) + 1
	}
}

// clock enters when a segment came: how long it was silent before.
func (f *state) clock(h *header, from uint8) {
	gap := h.at - f.last
	f.last = max(f.last, h.at)
	if gap < int64(time.Second) && !f.is(quietBroken) {
		return
	}
	first := h.has(flagRST) && !f.is(wasReset)
	switch {
	case gap >= int64(time.Second) && first:
		f.silence, f.quiet, f.breaker, f.flags = gap, 0, from, f.flags&^quietBroken|resetAlone
	case gap >= int64(time.Second):
		f.quiet, f.breaker, f.flags = gap, from, f.flags|quietBroken
	case from == f.breaker && !h.has(flagRST):
	case first:
		f.silence, f.quiet, f.flags = f.quiet, 0, f.flags&^quietBroken
	case !h.has(flagRST):
		f.bore, f.quiet, f.flags = max(f.bore, f.quiet), 0, f.flags&^quietBroken
	}
}

// roles enters which end is the client.
func (f *state) roles(h *header, from uint8) {
	if f.is(clientKnown) || !h.has(flagSYN) || h.has(flagRST) {
		return
	}
	f.flags, f.client = f.flags|clientKnown, from
	if h.has(flagACK) {
		f.client = 1 - from
	}
}

// settle guesses what was not captured. The lower port is the server's as a
// rule: systems give clients high ones (RFC 6056).
func (f *state) settle() {
	if f.is(clientKnown) {
		return
	}
	f.client = 0
	if f.pair.aPort < f.pair.bPort {
		f.client = 1
	}
}

// isOver says whether nothing but leftovers is to be expected.
func (f *state) isOver() bool {
	a, b := &f.sides[0], &f.sides[1]
	return f.is(wasReset) || a.is(closing) && b.is(closing) && a.is(heard) && b.is(heard) && a.ack == b.next && b.ack == a.next
}
