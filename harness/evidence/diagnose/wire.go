package diagnose

import (
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
)

// The ends of a connection, as indexes.
const (
	initiator = 0
	responder = 1
)

// A wire is a connection as its segments show it.
type wire struct {
	*Connection
	segments []segment
	icmp     []icmpError
	stacks   [2]Stack
	lacks    []Lack
}

// A segment is one of a wire.
type segment struct {
	*evidence.Event
	fact    int                 // its place among the connection's facts
	from    int                 // the end that it names as its sender
	options evidence.TCPOptions // as far as they are known
	shown   bool                // they are known
}

// wire takes the segments out of a connection.
func (c *Connection) wire() *wire {
	w := &wire{Connection: c}
	for i, f := range c.facts {
		if f.ICMP != nil {
			m := icmpError{ICMP: f.ICMP, at: len(w.segments)}
			if f.Host == c.Flow.ServerHost {
				m.end = responder
			}
			w.icmp = append(w.icmp, m)
		}
		if f.Packet == nil || f.Packet.Translated {
			continue
		}
		s := segment{Event: f.Event, fact: i}
		if f.Host == c.Flow.ServerHost {
			s.from = responder
		}
		s.options, s.shown = f.Packet.TCPOptions()
		w.segments = append(w.segments, s)
	}
	whole := w.sides(len(w.segments))
	for end := range w.stacks {
		w.stacks[end] = w.guess(end, whole[end])
	}
	w.lacks = w.missing(whole)
	return w
}

// end returns the number that follows a segment (RFC 9293, section 3.4).
func (s *segment) end() uint32 {
	n := s.Packet.Seq + uint32(s.Packet.Len)
	for _, flag := range []string{"SYN", "FIN"} {
		if s.Packet.Has(flag) {
			n++
		}
	}
	return n
}

// acks says whether a segment acknowledges something, and what is known.
func (s *segment) acks() bool { return s.Packet.Has("ACK") && !s.Packet.Lacks(evidence.FieldAck) }

// numbered says whether its sequence number is known.
func (s *segment) numbered() bool { return !s.Packet.Lacks(evidence.FieldSeq) }

// behind says whether sequence number a comes behind b (RFC 9293, section 3.4).
func behind(a, b uint32) bool { return int32(a-b) > 0 }

// resent is the shortest time in which a timer makes an end send again (RFC 6298
// has a second, Linux 200 ms). What comes sooner was captured twice, or a
// duplicate acknowledgement had asked for it.
const resent = 150 * time.Millisecond

// A side is what an end has shown of itself up to a moment. A place of -1 says
// that there is no such segment.
type side struct {
	count    int           // its segments, RSTs aside
	last     int           // the last of them
	at       time.Duration // when that was
	syn, fin int           // its first SYN, its first FIN
	data     int           // its first segment with data
	lastData int           // the last one that was new
	next     uint32        // the highest number that follows what it sent
	numbered bool          // next is known
	acked    uint32        // the highest number that the other end acknowledged
	heard    bool          // acked is known
	again    int           // how often it sent again since the other end's last segment
	probes   int           // how often it asked since the last new data whether the other end is there
	ttls     []int         // of its segments, each once
	ids      []int         // the IP ids of its segments, SYN ACKs aside
	stamped  bool          // its segments have timestamps
	stamp    uint32        // the last of them
	nearest  time.Duration // the shortest time in which it answered; -1: it answered nothing
	answers  int           // how often it answered
	prompt   bool          // one of that a kernel gives by itself: SYN ACK, or ACK without data
	asked    map[uint32]time.Duration
}

// sides returns what the ends have shown before segment at.
func (w *wire) sides(at int) [2]side {
	none := side{last: -1, syn: -1, fin: -1, data: -1, lastData: -1, nearest: -1}
	both := [2]side{none, none}
	for i := range w.segments[:at] {
		s := &w.segments[i]
		own, other := &both[s.from], &both[1-s.from]
		if s.acks() && (!other.heard || behind(s.Packet.Ack, other.acked)) {
			other.acked, other.heard = s.Packet.Ack, true
		}
		if s.Packet.RST() {
			continue
		}
		own.clock(s)
		if own.probe(s) || w.repeats(*own, *other, s) {
			own.probes++
		}
		fresh := own.take(i, s)
		own.features(s)
		other.again = 0
		other.ask(s, fresh)
	}
	return both
}

// probe says whether a segment asks whether the other end is there: it has the
// number before the next one, so that it must be answered (RFC 9293, section
// 3.8.4).
func (e *side) probe(s *segment) bool {
	return s.numbered() && e.numbered && s.Packet.Len <= 1 && s.Packet.Flags == "ACK" && s.Packet.Seq == e.next-1
}

// repeats says whether a bare ACK whose number is not known, as in what tcpdump
// prints, asks likewise: it comes after a while, nothing had come from the other
// end, and it says what the one before it said. An update of the window differs.
func (w *wire) repeats(own, other side, s *segment) bool {
	if s.numbered() || s.Packet.Flags != "ACK" || s.Packet.Len > 0 || own.last < 0 || own.last < other.last || s.At-own.at < silence {
		return false
	}
	before := w.segments[own.last].Packet
	const told = evidence.FieldAck | evidence.FieldWindow
	return !before.Has("SYN") && !before.Lacks(told) && !s.Packet.Lacks(told) &&
		before.Ack == s.Packet.Ack && before.Window == s.Packet.Window
}

// take enters a segment. fresh says whether it has what was not sent before.
func (e *side) take(i int, s *segment) (fresh bool) {
	if s.numbered() {
		fresh = !e.numbered || behind(s.end(), e.next)
		if !fresh && s.end() != s.Packet.Seq && s.At-e.at >= resent {
			e.again++
		}
		if fresh {
			e.next, e.numbered = s.end(), true
		}
	}
	e.count, e.last, e.at = e.count+1, i, s.At
	if s.Packet.Has("SYN") && e.syn < 0 {
		e.syn = i
	}
	if s.Packet.Has("FIN") && e.fin < 0 {
		e.fin = i
	}
	if s.Packet.Len > 0 && e.data < 0 {
		e.data = i
	}
	if s.Packet.Len > 0 && fresh {
		e.lastData, e.probes = i, 0
	}
	return fresh
}

// features notes by what the segments of an end can be recognised.
func (e *side) features(s *segment) {
	p := s.Packet
	if !p.Lacks(evidence.FieldTTL) && p.TTL > 0 && !slices.Contains(e.ttls, p.TTL) {
		e.ttls = append(e.ttls, p.TTL)
	}
	if !p.Lacks(evidence.FieldIPID) && p.Flags != "SYN ACK" && v4(p) {
		e.ids = append(e.ids, p.IPID)
	}
	if s.shown && s.options.HasTimestamps && p.Flags != "SYN" {
		e.stamped, e.stamp = true, s.options.TSVal
	}
}

// v4 says whether a segment came in IPv4, whose header alone has an
// identification; so does what is printed without a header and has one.
func v4(p *evidence.Packet) bool {
	return len(p.Data) > 0 && p.Data[0]>>4 == 4 || len(p.Data) == 0 && p.IPID != 0
}

// ask notes when an end could first have known what it may acknowledge.
func (e *side) ask(s *segment, fresh bool) {
	const kept = 64
	if !fresh || len(e.asked) >= kept {
		return
	}
	if e.asked == nil {
		e.asked = map[uint32]time.Duration{}
	}
	e.asked[s.end()] = s.At
}

// clock notes how fast an end answers.
func (e *side) clock(s *segment) {
	if !s.acks() {
		return
	}
	if at, found := e.asked[s.Packet.Ack]; found {
		e.answers, e.prompt = e.answers+1, e.prompt || s.Packet.Len == 0
		if took := s.At - at; took >= 0 && (e.nearest < 0 || took < e.nearest) {
			e.nearest = took
		}
		delete(e.asked, s.Packet.Ack)
	}
}
