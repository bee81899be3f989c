package diagnose

import (
	"bytes"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/tcp"
)

// challenged says whether the RST had not the number that its receiver waited
// for, and that one asked whether it was meant (RFC 5961, section 3.2), or paid
// no heed; and the connection went on.
func (q *wireQuestion) challenged() bool {
	if !q.rst.numbered() || !q.mine.heard || q.rst.Packet.Seq == q.mine.acked || !q.shaken(q.x) {
		return false
	}
	next := q.at + 1
	for next < len(q.segments) && q.segments[next].from == q.x && q.segments[next].Packet.RST() {
		next++
	}
	for i := next; i < len(q.segments); i++ {
		s := &q.segments[i]
		if s.from != q.x && s.numbered() && q.other.numbered && behind(s.end(), q.other.next) && !s.Packet.RST() ||
			s.from != q.x && s.acks() && behind(s.Packet.Ack, q.rst.Packet.Seq) && !s.Packet.RST() {
			return true
		}
	}
	return false
}

// survived says whether the connection went on for both ends: what one sent
// behind the RST the other acknowledged.
func (q *wireQuestion) survived() bool {
	if !q.mine.numbered || !q.goesOn() {
		return false
	}
	for i := range q.segments[q.at+1:] {
		s := &q.segments[q.at+1+i]
		if s.from != q.x && !s.Packet.RST() && s.acks() && behind(s.Packet.Ack, q.mine.next) {
			return true
		}
	}
	return false
}

// patience is for how long a reply is taken to be still under way, where the
// capture shows its beginning and then nothing. It is a judgement and was not
// measured: many clients give up after that time.
const patience = 30 * time.Second

// harm says what the RST cost. What an end had written and not sent yet is on no
// wire: it is lost, if there was any, unless all was quiet.
func (q *wireQuestion) harm() Harm {
	mine, other := q.mine, q.otherWithRST()
	if q.d.Part == PartBetween { // the ends may have gone on for a while
		both := q.sides(len(q.segments))
		mine, other = both[q.x], both[1-q.x]
	}
	h := Harm{Unacked: q.byPart(unacked(mine), unacked(other))}
	unread := q.unread()
	for _, line := range []struct {
		fits  bool
		level HarmLevel
		why   string
	}{
		{q.challenged() || q.survived(), Harmless, "the connection went on"},
		{q.noData(), Harmless, "no data had been sent"},
		{q.lossy(), HarmUnknown, "the capture does not show all of the connection"},
		{q.saidGoodbye(), Harmless, "what came behind the close only said good-bye"},
		{q.mine.fin >= 0 && unacked(other) > 0 && !q.shows(), HarmPossible,
			"bytes came behind the close; the capture does not show whether they only said good-bye"},
		{q.mine.fin >= 0 && unacked(other) > 0, HarmCertain, "bytes came behind the close and nobody took them"},
		{unacked(other) > 0 || unacked(mine) > 0 && q.d.Part == PartBetween, HarmCertain, "bytes were sent and never acknowledged"},
		{unacked(mine) > 0, HarmPossible, "the last bytes before it were not acknowledged: whether they were read, the other end knows"},
		{q.bothFinished(), Harmless, "both ends had finished, and everything was acknowledged"},
		{q.insteadOfFIN(), Harmless, "it came in the place of a FIN, behind that of the other end, and everything was acknowledged"},
		{unread > 0, HarmPossible, "bytes were acknowledged that the program behind may not have read"},
		{q.quiet() < silence, HarmPossible, "whatever was written and not yet sent is lost with it"},
		{q.quiet() < patience, HarmPossible, "all was quiet; whether the last message was complete, the capture does not tell"},
		{q.unanswered(), HarmPossible, "all was quiet, and what the initiator had sent last was not answered"},
		{true, Harmless, "all was quiet, and everything was acknowledged before"},
	} {
		if line.fits {
			h.Level, h.Why = line.level, line.why
			break
		}
	}
	if h.Level == HarmPossible || h.Level == HarmCertain {
		h.Unread = q.byPart(0, unread)
	}
	return h
}

// noData says whether neither end sent data: both must be shown, with all that
// they acknowledged, unless their handshake was not over.
func (q *wireQuestion) noData() bool {
	if q.mine.data >= 0 || q.other.data >= 0 || q.lacksAny(LacksBegin) {
		return false
	}
	return !q.lossy() || q.d.Act == ActStray || q.x == initiator && q.mine.syn >= 0 && !q.shaken(initiator)
}

// unanswered says whether the last data were the initiator's: it may have been
// waiting for a reply, however long.
func (q *wireQuestion) unanswered() bool {
	asks, answers := q.mine.lastData, q.other.lastData
	if q.x != initiator {
		asks, answers = answers, asks
	}
	return asks > answers
}

// byPart orders figures of the end that the RST names and of the other one.
func (q *wireQuestion) byPart(mine, other int64) Bytes {
	if q.x == initiator {
		return Bytes{mine, other}
	}
	return Bytes{other, mine}
}

// otherWithRST is the end that the RST went to, with what the RST itself
// acknowledges.
func (q *wireQuestion) otherWithRST() side {
	e := q.other
	if q.rst.acks() && (!e.heard || behind(q.rst.Packet.Ack, e.acked)) {
		e.acked, e.heard = q.rst.Packet.Ack, true
	}
	return e
}

// unread returns how many bytes came to the end that the RST names since it last
// sent data, or it never did: of those before, its program has seen something.
func (q *wireQuestion) unread() int64 {
	if q.other.data < 0 {
		return 0
	}
	e := q.otherWithRST()
	if !e.heard {
		return 0
	}
	from := q.segments[q.other.data].Packet.Seq
	for i := range q.segments[:q.at] {
		s := &q.segments[i]
		if i <= q.mine.lastData && s.from == q.x && s.acks() && behind(s.Packet.Ack, from) {
			from = s.Packet.Ack
		}
	}
	n := int64(int32(e.acked - from))
	if q.other.fin >= 0 && n > 0 {
		n--
	}
	return max(0, n)
}

// bothFinished says whether both ends had sent their FIN.
func (q *wireQuestion) bothFinished() bool { return q.mine.fin >= 0 && q.other.fin >= 0 }

// insteadOfFIN says whether the RST ends a direction whose other one had ended,
// and acknowledges that, as Windows does where others send a FIN. A Windows that
// was quiet for a while has read what came before.
func (q *wireQuestion) insteadOfFIN() bool {
	e := q.otherWithRST()
	is, known := q.next()
	return q.other.fin >= 0 && q.mine.fin < 0 && e.heard && !behind(e.next, e.acked) && known && is &&
		(q.unread() == 0 || q.is(q.x, Windows) && q.quiet() >= silence)
}

// saidGoodbye says whether all that came behind the close of the end that the
// RST names was a FIN or words of farewell: an alert of TLS, QUIT, and the like.
func (q *wireQuestion) saidGoodbye() bool {
	if q.mine.fin < 0 {
		return false
	}
	for i := range q.segments[q.mine.fin+1 : q.at] {
		s := &q.segments[q.mine.fin+1+i]
		if s.from != q.x && s.Packet.Len > 0 && !farewell(s) {
			return false
		}
	}
	return true
}

// shows says whether the capture shows payload.
func (q *wireQuestion) shows() bool {
	return slices.ContainsFunc(q.segments, func(s segment) bool { return len(payload(s.Packet)) > 0 })
}

// farewell says whether a segment only says good-bye: close_notify of TLS, in the
// clear or as the shortest of encrypted records (RFC 8446, section 6.1), or the
// word of a text protocol.
func farewell(s *segment) bool {
	text := payload(s.Packet)
	const shortest = 2 + 1 + 16 + 5 // the alert, its type, a tag of 16 bytes, the header of the record
	switch {
	case len(text) >= 5 && text[0] == 21 && text[1] == 3:
		return true
	case len(text) == shortest && text[0] == 23 && text[1] == 3:
		return true
	}
	for _, word := range []string{"QUIT", "quit", "LOGOUT", "BYE"} {
		if bytes.HasPrefix(text, []byte(word)) && len(text) <= len(word)+2 {
			return true
		}
	}
	return false
}

// saw says what the programs at both ends met. What a connection's state makes
// of a RST is what Linux does; others agree while it is open.
func (q *wireQuestion) saw() {
	views := [2]*EndView{&q.d.Initiator, &q.d.Responder}
	views[1-q.x].Saw = q.victim()
	views[q.x].Saw = q.sender()
}

// victim is what the end met that the RST went to.
func (q *wireQuestion) victim() Saw {
	linux := Undecided
	if q.is(1-q.x, Linux) {
		linux = Likely
	}
	switch {
	case q.challenged() || q.survived():
		return Saw{tcp.Open, tcp.Open, Likely, "it went on behind the RST"}
	case q.d.Act == ActRefused:
		return Saw{tcp.Refused, "", Likely, "its SYN was answered with RST"}
	case q.d.Act == ActStray || q.d.Picture == picScan:
		return Saw{}
	case q.bothFinished():
		return Saw{tcp.Finished, "", Likely, "both ends had finished"}
	case q.mine.fin >= 0:
		return Saw{tcp.Finished, tcp.BrokenPipe, linux, "the FIN came before the RST"}
	case q.other.fin >= 0:
		return Saw{tcp.Reset, tcp.BrokenPipe, linux, "it had sent its FIN; if it had closed, its program saw nothing"}
	case q.lossy():
		return Saw{tcp.Reset, tcp.Reset, Undecided, "the connection was open, as far as the capture shows"}
	}
	return Saw{tcp.Reset, tcp.Reset, Likely, "the connection was open; the first call gets it"}
}

// sender is what the end met that the RST names.
func (q *wireQuestion) sender() Saw {
	switch {
	case q.d.Part == PartBetween:
		return Saw{tcp.Open, tcp.Open, Likely, "it has not sent the RST, and goes on until it is told"}
	case q.d.Part == PartUnknown:
		return Saw{}
	case q.d.Act == ActTimer:
		return Saw{tcp.TimedOut, tcp.TimedOut, Likely, "its kernel gave up"}
	case q.d.Act == ActAbort || q.d.Act == ActUnread:
		return Saw{tcp.Closed, tcp.Closed, q.d.Sure, "it ended the connection itself"}
	}
	return Saw{}
}
