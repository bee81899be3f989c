package diagnose

import (
	"fmt"

	"github.com/resetlab/resetlab/harness/evidence"
)

// impossible says why the TCP of the end that the RST names cannot have made it
// so; "" if nothing speaks against it. Only of systems whose RSTs are known
// something follows.
func (q *wireQuestion) impossible() string {
	p := q.rst.Packet
	if !q.is(q.x, Linux) || q.raw(0) || !q.shaken(q.x) {
		return ""
	}
	window := p.Window
	if p.Lacks(evidence.FieldWindow) {
		window = 0
	}
	switch {
	case !q.ack() && window != 0:
		return fmt.Sprintf("it has window %d and no ACK, and a Linux answers with window 0", window)
	case q.ack() && q.rst.shown && q.mine.stamped && !q.rst.options.HasTimestamps:
		return "it has ACK and no timestamps, and a Linux that uses them puts them into its socket's own RST"
	case q.rst.shown && q.rst.options.HasTimestamps && q.mine.stamped && behind(q.mine.stamp, q.rst.options.TSVal):
		return "its timestamp is older than that of segments before it"
	}
	return ""
}

// otherID says whether the RST's IP id does not go with those of its end. Linux
// counts each socket's on by one for each packet, and answers with 0; other
// systems count in ways of their own, or not at all.
func (q *wireQuestion) otherID() bool {
	p := q.rst.Packet
	if p.Lacks(evidence.FieldIPID) || !v4(p) || len(q.mine.ids) == 0 || !q.shaken(q.x) {
		return false
	}
	last := q.mine.ids[len(q.mine.ids)-1]
	switch {
	case q.counts() && p.IPID == 0:
		return q.is(q.x, Linux) && q.ack() && !q.raw(0) // a socket's own
	case q.counts() && !q.ack():
		return q.is(q.x, Linux) && !q.lossy() // an answer
	case q.counts():
		return !follows(last, p.IPID)
	case len(q.mine.ids) >= 3:
		return p.IPID != 0 && q.zeros()
	}
	return false
}

// counts says whether the end's IP ids grow from packet to packet; one is enough
// for a system that is known to count.
func (q *wireQuestion) counts() bool {
	ids := q.mine.ids
	for i := range ids {
		if ids[i] == 0 || i > 0 && !follows(ids[i-1], ids[i]) {
			return false
		}
	}
	return len(ids) >= 3 || q.is(q.x, Linux)
}

// follows says whether an IP id is one of the next. Offloading takes one for
// each packet that it makes of a segment, and a segment may be missing.
func follows(id, next int) bool {
	const most = 1024
	step := (next - id) & 0xffff
	return step > 0 && step <= most
}

// zeros says whether all IP ids of the end were 0.
func (q *wireQuestion) zeros() bool {
	for _, id := range q.mine.ids {
		if id != 0 {
			return false
		}
	}
	return true
}

// lossy says whether segments of the connection may be missing.
func (w *wire) lossy() bool {
	for _, lack := range w.lacks {
		if lack != LacksTail && lack != LacksOptions && lack != LacksHeader {
			return true
		}
	}
	return w.lostPackets()
}

// fresh says whether the RST has the marks of a socket's own that nobody can
// guess: the next IP id of its socket, or timestamps that go on.
func (q *wireQuestion) fresh() bool {
	p := q.rst.Packet
	stamps := q.rst.shown && q.rst.options.HasTimestamps && q.mine.stamped && !behind(q.mine.stamp, q.rst.options.TSVal)
	counted := !p.Lacks(evidence.FieldIPID) && v4(p) && len(q.mine.ids) > 0 && q.counts() &&
		follows(q.mine.ids[len(q.mine.ids)-1], p.IPID)
	return stamps || counted
}
