package diagnose

import (
	"bytes"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// question asks about the RST at a place among the segments.
func (w *wire) question(at int) *wireQuestion {
	q := &wireQuestion{wire: w, at: at, rst: w.segments[at], x: w.segments[at].from, answered: -1, perhaps: -1}
	both := w.sides(at)
	q.mine, q.other = both[q.x], both[1-q.x]
	for i := range w.segments[:at] {
		s := &w.segments[i]
		if s.from == q.x || s.Packet.RST() {
			continue
		}
		fits := s.acks() && q.rst.numbered() && s.Packet.Ack == q.rst.Packet.Seq
		if fits && !q.ack() || q.ack() && !s.Packet.Has("ACK") {
			q.answered, q.perhaps = i, i
		}
		if fits && !w.is(q.x, Linux) {
			q.perhaps = i
		}
	}
	return q
}

// answers returns the segment that the RST can answer.
func (q *wireQuestion) answers() *segment { return &q.segments[q.answered] }

// quiet returns how long nothing new was said before the RST and the segment
// that it answers.
func (q *wireQuestion) quiet() time.Duration {
	const exchange = 200 * time.Millisecond // a delayed acknowledgement, a round trip of the world
	last := q.rst.At
	for i := q.at - 1; i >= 0; i-- {
		at := q.segments[i].At
		if gap := last - at; gap >= exchange {
			if q.rst.At-last <= exchange || q.mine.probes > 0 {
				return gap
			}
			return q.rst.At - last
		}
		last = at
	}
	return 0
}

// refuses says whether the RST answers an attempt to connect.
func (q *wireQuestion) refuses() bool {
	return q.x == responder && q.mine.count == 0 && q.other.syn >= 0 && !q.shaken(initiator) && q.ack()
}

// crossed says whether both ends sent SYNs that are no answers, and the RST
// answers a segment.
func (q *wireQuestion) crossed() bool {
	open := func(e side) bool { return e.syn >= 0 && q.segments[e.syn].Packet.Flags == "SYN" }
	return open(q.mine) && open(q.other) && !q.ack()
}

// wrongAnswer says whether the RST answers what acknowledges another SYN than
// its end's, which has sent nothing else.
func (q *wireQuestion) wrongAnswer() bool {
	return q.answered >= 0 && !q.ack() && q.mine.syn >= 0 && !q.shaken(q.x) && q.mine.numbered &&
		q.segments[q.mine.syn].Packet.Flags == "SYN" && (q.answers().Packet.Ack != q.mine.next || !q.rightStamp())
}

// rightStamp says whether the answered segment echoes a timestamp that its end
// can have sent (RFC 7323, section 3.2).
func (q *wireQuestion) rightStamp() bool {
	syn, answer := &q.segments[q.mine.syn], q.answers()
	return !syn.options.HasTimestamps || !answer.options.HasTimestamps ||
		!behind(syn.options.TSVal, answer.options.TSEcr) && !behind(answer.options.TSEcr, syn.options.TSVal+1<<20)
}

// wrongHandshake says whether the RST answers what acknowledges another SYN ACK
// than its end's.
func (q *wireQuestion) wrongHandshake() bool {
	return q.answering() && q.x == responder && q.mine.syn >= 0 && !q.shaken(responder) && q.mine.numbered &&
		q.answers().Packet.Ack != q.mine.next
}

// fromElsewhere says whether captures at several hosts show that the RST came
// into being where its end is not.
func (q *wireQuestion) fromElsewhere() bool {
	origin := q.origin(q.rst.fact)
	return len(origin) == 2 || len(origin) == 1 && origin[0] != q.rst.Host
}

// answering says whether the RST has the shape of an answer, and there is what
// it can answer or the capture may lack it.
func (q *wireQuestion) answering() bool {
	if q.ack() {
		return q.answered >= 0 && q.raw(0)
	}
	return q.answered >= 0
}

// own says whether the RST has the shape of a socket's own.
func (q *wireQuestion) own() bool {
	is, known := q.next()
	return q.ack() && (is || !known && q.rst.shown && q.rst.options.HasTimestamps)
}

// scans says whether the initiator answers the SYN ACK that it asked for, as the
// kernel of a machine does whose SYN came from no socket.
func (q *wireQuestion) scans() bool {
	return q.x == initiator && q.answering() && q.answers().Packet.Flags == "SYN ACK" && !q.shaken(initiator)
}

// mayAnswer says whether the RST can be both a socket's own and the answer, with
// ACK, to the segment before it, as Windows and small stacks send it. A kernel
// that has no socket has no timestamps either.
func (q *wireQuestion) mayAnswer() bool {
	if q.perhaps < 0 || !q.ack() || q.is(q.x, Linux) || q.is(q.x, BSD) || q.rst.options.HasTimestamps {
		return false
	}
	return q.perhaps > q.mine.last && q.segments[q.perhaps].end() == q.rst.Packet.Ack
}

// crafted says whether the initiator has shown no more than a SYN that has the
// shape of no system: a program may have made it, and its kernel the RST.
func (q *wireQuestion) crafted() bool {
	return q.x == initiator && q.mine.syn >= 0 && !q.shaken(initiator) && (q.is(q.x, RawSocket) || q.is(q.x, UnknownSystem))
}

// embryonic says whether the end that sent the RST had shown no more than SYN
// ACKs.
func (q *wireQuestion) embryonic() bool { return q.mine.syn >= 0 && !q.shaken(q.x) && q.shaken(1-q.x) }

// finAcked says whether the RST answers an ACK of its end's FIN behind which
// nothing else had come.
func (q *wireQuestion) finAcked() bool {
	if !q.answering() || q.mine.fin < 0 || q.answered < q.mine.fin {
		return false
	}
	for i := range q.segments[q.mine.fin+1 : q.at] {
		s := &q.segments[q.mine.fin+1+i]
		if s.from != q.x && (s.Packet.Len > 0 || s.Packet.Flags != "ACK") {
			return false
		}
	}
	return q.other.fin < 0 && q.mine.numbered && q.rst.Packet.Seq == q.mine.next
}

// assassinates says whether, behind a FIN each way that was acknowledged, a
// segment came in the name of the RST's end that was old, and the RST answers the
// ACK that an end in TIME-WAIT has for it (RFC 1337).
func (q *wireQuestion) assassinates() bool {
	if !q.answering() || q.ack() || q.mine.fin < 0 || q.other.fin < 0 || q.mine.last < q.mine.fin || q.answered < q.mine.last {
		return false
	}
	old, answer := &q.segments[q.mine.last], q.answers().Packet
	closed := q.mine.heard && q.mine.acked == q.mine.next && q.other.heard && q.other.acked == q.other.next
	return closed && old.numbered() && behind(q.mine.next, old.Packet.Seq) && !old.Packet.Has("FIN") &&
		answer.Flags == "ACK" && answer.Len == 0
}

// unacknowledging says whether a socket that connected resets the connection in
// the place of the ACK that completes its handshake. Linux sends that ACK at once,
// unless the program has asked it to wait, by TCP_QUICKACK 0 or
// TCP_DEFER_ACCEPT, or data goes with it (net/ipv4/tcp_input.c,
// tcp_rcv_synsent_state_process). Data of the other end would show that the ACK
// came there, and was not captured.
func (q *wireQuestion) unacknowledging() bool {
	return q.x == initiator && q.is(initiator, Linux) && q.mine.count > 0 && !q.shaken(initiator) && !q.lossy() &&
		q.other.data < 0 && q.other.syn >= 0 && q.segments[q.other.syn].Packet.Flags == "SYN ACK" && q.rst.Packet.Ack == q.segments[q.other.syn].end()
}

// probed says whether the last segments of the RST's end asked whether the
// other end is there, and nothing else had been said since then. The interval of
// probes is at least a second (tcp(7), tcp_keepalive_intvl).
func (q *wireQuestion) probed() bool {
	return q.mine.probes > 0 && q.mine.last >= 0 && q.rst.At-q.segments[q.mine.last].At >= silence
}

// heardSince says whether the other end sent anything behind the last segment
// of the RST's end.
func (q *wireQuestion) heardSince() bool { return q.other.last > q.mine.last }

// multipath says whether the connection is one of Multipath TCP (IANA's option
// kind 30), or may be: then its subflows have bytes of which they do not tell.
func (q *wireQuestion) multipath() bool {
	const kind = 30
	return slices.ContainsFunc(q.segments, func(s segment) bool { return !s.shown || slices.Contains(s.options.Kinds, kind) })
}

// wasReset says whether a RST had come to the end of this one, which the other
// end seems to have sent.
func (q *wireQuestion) wasReset() bool {
	for i := range q.segments[:q.at] {
		s := &q.segments[i]
		if s.from != q.x && s.Packet.RST() && (!s.numbered() || !q.other.numbered || !behind(s.Packet.Seq, q.other.next)) {
			return true
		}
	}
	return false
}

// full says whether the RST says that no more fits in its end's buffer, by a
// window of 0. Only of Linux is it known that it tells its socket's window.
func (q *wireQuestion) full() bool {
	p := q.rst.Packet
	return q.is(q.x, Linux) && !p.Lacks(evidence.FieldWindow) && p.Window == 0 && q.fresh() && q.other.data >= 0
}

// sending says whether the other end was sending: bytes were under way that the
// RST does not acknowledge, or the RST itself is the first to do so.
func (q *wireQuestion) sending() bool {
	if !q.other.numbered || !q.other.heard || q.other.lastData < q.mine.lastData {
		return false
	}
	return behind(q.other.next, q.other.acked)
}

// firstWords returns the first bytes that an end sent, as far as they are known.
func (q *wireQuestion) firstWords(e side) []byte {
	if e.data < 0 {
		return nil
	}
	return payload(q.segments[e.data].Packet)
}

// payload returns what a segment brings, as far as it was captured.
func payload(p *evidence.Packet) []byte {
	raw, found := packets.FindSegment(p.Data, p.Length)
	if !found {
		return nil
	}
	behind := raw.Data[min(raw.TCP+int(raw.Data[raw.TCP+12]>>4)*4, len(raw.Data)):]
	return behind[:min(len(behind), raw.Payload())]
}

// clientHello says whether the other end began with a ClientHello of TLS (RFC
// 8446, section 5.1).
func (q *wireQuestion) clientHello() bool {
	return bytes.HasPrefix(q.firstWords(q.other), []byte{22, 3})
}

// plainText says whether the other end began with letters.
func (q *wireQuestion) plainText() bool {
	text := q.firstWords(q.other)
	for _, c := range text[:min(len(text), 4)] {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return len(text) >= 4
}

// alerted says whether the end that sent the RST began with an alert of TLS, or
// an answer of HTTP that speaks of HTTPS (RFC 8446, section 6).
func (q *wireQuestion) alerted() bool {
	text := q.firstWords(q.mine)
	return bytes.HasPrefix(text, []byte{21, 3}) || bytes.Contains(text, []byte("HTTPS server"))
}
