package flows

import (
	"net/netip"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
)

const (
	icmpHead = 4 // of the ICMP errors of a connection the first ones are kept
	icmpTail = 4 // and the last ones
)

// A told is what ICMP said about a connection. Few have any, so that it is not
// in the Flow.
type told struct {
	all   []said
	count int
}

// A said is an ICMP error that was kept.
type said struct {
	what   evidence.ICMP
	at     int64
	behind uint32 // how many segments of the connection were before it
	from   uint8  // the side whose segment it quotes
}

// AddICMP enters an ICMP error. ok is false if it is about a connection that is
// not known, or not any more.
func (t *Tracker) AddICMP(e *packets.ICMPError) (ok bool) {
	t.drain()
	var key pair
	from := key.read(e.From, e.To, &t.names)
	key.hash = t.table.hash(&key)
	f := t.find(&key)
	if f == nil {
		return false
	}
	m := said{what: e.What, at: e.At.UnixNano(), behind: f.order, from: from}
	m.what.From = hostName(e.Sender)
	m.what.Astray = !f.underWay(&e.What, from)
	if f.sides[from].is(based) {
		m.what.Seq -= f.sides[from].base
	} else {
		m.what.Unknown |= evidence.FieldSeq
	}
	if m.what.Unknown&evidence.FieldSeq != 0 {
		m.what.Seq = 0
	}
	if t.told == nil {
		t.told = map[int32]*told{}
	}
	if t.told[f.at] == nil {
		t.told[f.at] = &told{}
	}
	t.told[f.at].add(m)
	return true
}

// add keeps an error, in the place of an older one if there are many. One that is
// on a bridge or an interface more is there once.
func (m *told) add(s said) {
	if n := len(m.all); n > 0 {
		last := &m.all[n-1]
		if last.what == s.what && last.from == s.from && last.behind == s.behind && s.at-last.at < repeatAtOnce*int64(time.Microsecond) {
			return
		}
	}
	if m.count++; len(m.all) == icmpHead+icmpTail {
		m.all = append(m.all[:icmpHead], m.all[icmpHead+1:]...)
	}
	m.all = append(m.all, s)
}

// underWay says whether a side has sent what an ICMP error quotes, and it is not
// acknowledged: others are late, or forged, and a TCP ignores them (RFC 5927,
// section 4; net/ipv4/tcp_ipv4.c, tcp_v4_err). What is not known says nothing
// against it.
func (f *state) underWay(m *evidence.ICMP, from uint8) bool {
	s, other := &f.sides[from], &f.sides[1-from]
	if m.Unknown&(evidence.FieldSeq|evidence.FieldOrigin) != 0 || !s.is(spoke) || !s.is(based) {
		return true
	}
	first := s.base
	if other.is(heard) {
		first = other.ack
	} else if !s.is(began) {
		first++
	}
	return !after(first, m.Seq) && !after(m.Seq, s.next)
}

// Told counts the ICMP errors about the connection.
func (f *Flow) Told() int {
	if m := f.tracker.told[f.at]; m != nil {
		return m.count
	}
	return 0
}

// messages returns the ICMP errors that were kept.
func (f *Flow) messages() []said {
	if m := f.tracker.told[f.at]; m != nil {
		return m.all
	}
	return nil
}

// icmpEvent returns an ICMP error as an event.
func (f *Flow) icmpEvent(m *said) evidence.Event {
	what := m.what
	return evidence.Event{At: time.Duration(m.at - f.first), Host: f.name(m.from), ICMP: &what}
}

// hostName writes an address, or the name in its place: see package printed.
func hostName(a netip.Addr) string {
	if name := a.Zone(); name != "" {
		return name
	}
	return a.String()
}
