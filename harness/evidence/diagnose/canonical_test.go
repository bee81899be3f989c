package diagnose_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
)

// A past is what an end has shown before a RST, as far as TCP's rules make what
// follows depend on it.
type past struct {
	opening string // its segments with SYN
	shaken  bool   // it has come through the handshake
	data    bool   // it has sent some
	under   bool   // of which the RST's end has acknowledged a part, or nothing
	fin     bool
	rst     bool
	probes  bool
	next    uint32 // the number that follows what it sent
	acked   uint32 // the highest number that the other end acknowledged
	id      int    // the last IP id
	ttls    map[int]bool
}

// canonical returns what the wire shows of a RST, the one at a place among the
// segments of its connection, in a form that is the same wherever TCP does the
// same. What is left out are no consequences of why the RST was sent: what and
// how much the programs had said to one another, how often, and by which version
// of IP; who had opened the connection, once both are through the handshake, for
// TCP has no roles after that (RFC 9293, section 3.3.2); IP id and TTL, unless
// they are not those of the RST's end. A kernel that answers for want of a socket
// knows the segment that it answers, and not what its end had said before.
func canonical(events []evidence.Event, at int) string {
	rst := events[at]
	mine, other := pasts(events[:at], rst)
	role := rst.Host
	if mine.shaken && other.shaken {
		role = "either"
	}
	answered := answeredBy(events[:at], rst)
	if rst.Packet.Has("ACK") {
		answered = ""
	}
	return fmt.Sprintf("%s [%s] [%s] %s %s %s", role, mine.form(rst.Packet.Has("ACK")), other.form(true),
		shape(rst.Packet, mine, other, answered), pauses(events, at), goings(events[at+1:], rst.Host))
}

// pasts returns what the end that a RST names has shown, and the other.
func pasts(before []evidence.Event, rst evidence.Event) (mine, other *past) {
	mine, other = &past{ttls: map[int]bool{}}, &past{ttls: map[int]bool{}}
	for _, e := range before {
		own, peer := mine, other
		if e.Host != rst.Host {
			own, peer = other, mine
		}
		own.take(e.Packet, peer)
	}
	other.under = other.data && int32(other.next-other.acked) > 0 && !(rst.Packet.Has("ACK") && rst.Packet.Ack == other.next)
	return mine, other
}

// take enters a segment of an end.
func (e *past) take(p *evidence.Packet, peer *past) {
	if p.RST() {
		e.rst = true
		return
	}
	next := p.Seq + uint32(p.Len)
	if p.Has("SYN") {
		next++
		e.opening += p.Flags + " "
	} else {
		e.shaken = true
	}
	if p.Has("FIN") {
		next++
		e.fin = true
	}
	e.data = e.data || p.Len > 0
	e.probes = e.probes || p.Flags == "ACK" && p.Len <= 1 && e.next != 0 && p.Seq == e.next-1
	if e.next == 0 || int32(next-e.next) > 0 {
		e.next = next
	}
	if p.Has("ACK") && int32(p.Ack-peer.acked) > 0 {
		peer.acked = p.Ack
	}
	if p.Flags != "SYN ACK" {
		e.id = p.IPID
	}
	e.ttls[p.TTL] = true
}

// form is a past in words.
func (e *past) form(withData bool) string {
	if e.shaken {
		e.opening = ""
	}
	return e.opening + words(map[string]bool{"shaken": e.shaken, "data": e.data && withData, "unacknowledged": e.under,
		"FIN": e.fin, "RST": e.rst, "probes": e.probes})
}

// words are the names that are true, in the order of the alphabet.
func words(said map[string]bool) string {
	var names []string
	for name, is := range said {
		if is {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// answeredBy says what a RST without ACK answers: the last segment that
// acknowledges its number.
func answeredBy(before []evidence.Event, rst evidence.Event) string {
	for _, e := range slices.Backward(before) {
		switch p := e.Packet; {
		case e.Host == rst.Host || p.RST() || !p.Has("ACK") || p.Ack != rst.Packet.Seq:
		case p.Has("SYN"):
			return "SYN ACK"
		case p.Len == 0 && !p.Has("FIN"):
			return "bare ACK"
		default:
			return "ACK"
		}
	}
	return ""
}

// shape is what a RST has in its headers.
func shape(p *evidence.Packet, mine, other *past, answered string) string {
	options, _ := p.TCPOptions()
	const ahead = 20
	step := int16(p.IPID - mine.id)
	v4 := len(p.Data) > 0 && p.Data[0]>>4 == 4
	said := words(map[string]bool{
		"window 0":   p.Window == 0,
		"timestamps": options.HasTimestamps,
		"other id":   v4 && p.IPID != 0 && len(mine.ttls) > 0 && (step <= 0 || step > ahead),
		"other TTL":  len(mine.ttls) > 0 && !mine.ttls[p.TTL],
		"no segment": len(mine.ttls) == 0,
	})
	number, acknowledges := "odd number", ""
	switch {
	case answered != "":
		number = "number of " + answered
	case p.Seq == mine.next:
		number = "next number"
	}
	if p.Has("ACK") {
		acknowledges = map[bool]string{true: "acknowledges all", false: "acknowledges other"}[p.Ack == other.next]
	}
	return strings.Join([]string{p.Flags, said, number, acknowledges, diagnose.MultipathReason(p)}, ", ")
}

// distinct says whether a RST has another TTL or IP id than its end's segments, a
// number that its end would not take.
func distinct(events []evidence.Event, at int) bool {
	rst := events[at]
	mine, other := pasts(events[:at], rst)
	form := shape(rst.Packet, mine, other, answeredBy(events[:at], rst))
	for _, mark := range []string{"other TTL", "other id", "odd number"} {
		if strings.Contains(form, mark) {
			return true
		}
	}
	return false
}

// pauses says whether a second passed before a RST, or before the segment before
// it: rules ask for that alone of all times.
func pauses(events []evidence.Event, at int) string {
	for back := range min(at, 2) {
		if events[at-back].At-events[at-back-1].At >= time.Second {
			return fmt.Sprintf("silence, then %d", back+1)
		}
	}
	return ""
}

// goings says what the end that a RST names did behind it, up to another SYN.
func goings(behind []evidence.Event, host string) string {
	said := map[string]bool{}
	for _, e := range behind {
		if e.Host == host && e.Packet.Has("SYN") {
			break
		}
		if e.Host == host {
			said["another RST"] = said["another RST"] || e.Packet.RST()
			said["goes on"] = said["goes on"] || !e.Packet.RST()
		}
	}
	return words(said)
}
