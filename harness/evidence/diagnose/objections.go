package diagnose

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// A wireQuestion is one RST with what the rules of the wire ask about it.
type wireQuestion struct {
	*wire
	at       int     // its place among the segments
	rst      segment // itself
	x        int     // the end that it names as its sender
	mine     side    // what that end had shown before it
	other    side    // and the end that it went to
	answered int     // the segment that it answers, if it is an answer; -1: there is none
	perhaps  int     // likewise, of a system whose answers may have ACK
	d        *Diagnosis
}

// An objection is something about a RST that speaks against the end that it names.
type objection struct {
	clue  string
	proof bool // it is enough by itself; otherwise others do so now and then, too
}

// objections are all that speak against the end that the RST names.
func (q *wireQuestion) objections() []objection {
	var found []objection
	object := func(fits, proof bool, clue string, with ...any) {
		if fits {
			found = append(found, objection{fmt.Sprintf(clue, with...), proof})
		}
	}
	object(q.passed(), true, "the end that it names acknowledged afterwards what it answers")
	object(q.goesOn() && q.perhaps < 0 && !q.lossy(), true, "the end that it names went on with the connection behind it")
	object(q.tooFast(), true, "it came %v after what it answers, and that end never answered within %v",
		q.took().Round(time.Microsecond), q.mine.nearest.Round(time.Microsecond))
	object(q.volley(), true, "several RSTs came at once with different numbers, none of which answers anything")
	object(q.otherTTL(), false, "its TTL is %d, that of all other segments from there %d", q.rst.Packet.TTL, q.usualTTL())
	impossible := q.impossible()
	object(impossible != "", false, "%s", impossible)
	object(q.otherID(), false, "its IP id %d does not go with those before it", q.rst.Packet.IPID)
	object(q.oddNumber(), false, "its sequence number is neither the next of that end nor one that was acknowledged")
	return found
}

// ack says whether the RST has ACK.
func (q *wireQuestion) ack() bool { return q.rst.Packet.Has("ACK") }

// next says whether the RST's number is the one that follows what its end sent.
// known is false where that end was not seen.
func (q *wireQuestion) next() (is, known bool) {
	if !q.rst.numbered() || !q.mine.numbered {
		return false, false
	}
	return q.rst.Packet.Seq == q.mine.next, true
}

// shaken says whether the end that the RST names had come through its
// handshake, as far as the capture shows.
func (q *wireQuestion) shaken(end int) bool {
	for i := range q.segments[:q.at] {
		s := &q.segments[i]
		if s.from == end && !s.Packet.RST() && !s.Packet.Has("SYN") {
			return true
		}
	}
	return false
}

// goesOn says whether the end that the RST names sent afterwards what only
// somebody sends who has the connection. Behind a new SYN it is another one. An
// end within its handshake may answer something else with RST and go on; with a
// socket's own RST it may not.
func (q *wireQuestion) goesOn() bool {
	if !q.shaken(q.x) && !q.own() || !q.rst.numbered() {
		return false
	}
	sent := q.mine.next
	if behind(q.rst.Packet.Seq, sent) {
		sent = q.rst.Packet.Seq // a RST can overtake data
	}
	for i := range q.segments[q.at+1:] {
		s := &q.segments[q.at+1+i]
		switch {
		case s.Packet.Has("SYN"):
			return false
		case s.from != q.x || s.Packet.RST():
		case s.numbered() && s.end() != s.Packet.Seq && q.mine.numbered && behind(s.end(), sent):
			return true
		case s.acks() && q.other.numbered && behind(s.Packet.Ack, q.other.next):
			return true
		}
	}
	return false
}

// passed says whether the segment that the RST may answer had come to the end
// that the RST names, which had the connection: it acknowledged the data
// afterwards.
func (q *wireQuestion) passed() bool {
	if q.perhaps < 0 || !q.goesOn() {
		return false
	}
	answered := &q.segments[q.perhaps]
	if answered.Packet.Len == 0 || !answered.numbered() || !q.other.heard || !behind(answered.end(), q.other.acked) {
		return false
	}
	for i := range q.segments[q.at+1:] {
		s := &q.segments[q.at+1+i]
		if s.from == q.x && s.acks() && !s.Packet.RST() && !behind(answered.end(), s.Packet.Ack) {
			return true
		}
	}
	return false
}

// tooFast says whether the RST knows of a segment sooner than its end ever
// answered one (at a capture near the other end that is the round trip). Of an end
// that answered only with data, or once, that is how long its program, or a busy
// machine, took.
func (q *wireQuestion) tooFast() bool {
	const coarse = time.Millisecond // clocks and kernels differ by less
	took := q.took()
	return q.mine.prompt && q.mine.answers > 1 && q.mine.nearest > 2*coarse && took >= 0 && took < q.mine.nearest/3
}

// took returns how long after the first segment of which it knows the RST came;
// -1: that is not known.
func (q *wireQuestion) took() time.Duration {
	number, known := q.rst.Packet.Seq, q.rst.numbered()
	if q.ack() {
		number, known = q.rst.Packet.Ack, q.rst.acks()
	}
	if !known || q.rst.Packet.Lacks(evidence.FieldDate) {
		return -1
	}
	for i := range q.segments[:q.at] {
		s := &q.segments[i]
		switch {
		case s.from == q.x || s.Packet.RST():
		case q.ack() && s.numbered() && s.end() == number && s.end() != s.Packet.Seq,
			!q.ack() && s.acks() && s.Packet.Ack == number:
			return q.rst.At - s.At
		}
	}
	return -1
}

// volley says whether more RSTs came from there with other numbers, and no
// segment had brought them about.
func (q *wireQuestion) volley() bool {
	const apart = 100 * time.Millisecond
	var numbers []uint32
	for i := range q.segments {
		s := &q.segments[i]
		if s.from != q.x || !s.Packet.RST() || !s.numbered() || max(s.At-q.rst.At, q.rst.At-s.At) > apart {
			continue
		}
		if !q.acknowledged(s.Packet.Seq) && !slices.Contains(numbers, s.Packet.Seq) && behind(s.Packet.Seq, q.mine.next) {
			numbers = append(numbers, s.Packet.Seq)
		}
	}
	return q.mine.numbered && len(numbers) > 0 && !q.lossy() && (len(numbers) > 1 || numbers[0] != q.rst.Packet.Seq)
}

// acknowledged says whether the other end ever acknowledged up to just there.
func (q *wireQuestion) acknowledged(number uint32) bool {
	return slices.ContainsFunc(q.segments, func(s segment) bool {
		return s.from != q.x && s.acks() && s.Packet.Ack == number
	})
}

// otherTTL says whether the RST has another TTL than all other segments of its
// end, and not by the same number of hops: some systems begin those of RSTs
// with another one. A program that has set its socket's TTL, as speakers of BGP
// do, has not set that of its kernel's answers; neither has a scanner, which makes
// its SYN itself.
func (q *wireQuestion) otherTTL() bool {
	ttl, usual := q.rst.Packet.TTL, q.usualTTL()
	if ttl == 0 || usual == 0 || q.rst.Packet.Lacks(evidence.FieldTTL) || q.crafted() {
		return false
	}
	const set = 16 // no way is so long that a usual TTL comes down to it
	return ttl != usual && usual > set && initialTTL(ttl)-ttl != initialTTL(usual)-usual
}

// usualTTL returns the TTL of the other segments that name the end as their
// sender; 0 if they have several, as behind front ends, or none is known.
func (q *wireQuestion) usualTTL() int {
	ttls := slices.Clone(q.mine.ttls)
	for i := range q.segments[q.at+1:] {
		s := &q.segments[q.at+1+i]
		if s.from == q.x && !s.Packet.RST() && !s.Packet.Lacks(evidence.FieldTTL) && !slices.Contains(ttls, s.Packet.TTL) {
			ttls = append(ttls, s.Packet.TTL)
		}
	}
	if len(ttls) != 1 {
		return 0
	}
	return ttls[0]
}

// oddNumber says whether the RST has a number that no stack would take: neither
// the next one nor one that its peer acknowledged.
func (q *wireQuestion) oddNumber() bool {
	is, known := q.next()
	return known && !is && q.shaken(q.x) && !q.lossy() && !q.acknowledged(q.rst.Packet.Seq) && !q.raw(0)
}

// raw says whether the RST's header has a sequence number, whatever was made of
// it.
func (q *wireQuestion) raw(number uint32) bool {
	raw, ok := packets.FindSegment(q.rst.Packet.Data, q.rst.Packet.Length)
	return ok && binary.BigEndian.Uint32(raw.Data[raw.TCP+4:]) == number
}
