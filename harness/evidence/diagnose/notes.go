package diagnose

import (
	"fmt"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// pairNotes finds the RST that each of the kernel's notes is about: of those
// that its host sent and no other note has, the nearest in time. A recorder has
// moved the note to its RST if the two were seen together; elsewhere the shape
// must fit, for a socket's own RST always has ACK, and is mostly noted when it
// has been received already. The maps lead from note to RST and back.
func (c *Connection) pairNotes() (rstOf, noteOf map[int]int) {
	rstOf, noteOf = map[int]int{}, map[int]int{}
	for i, note := range c.facts {
		if note.Trace == nil || !note.Trace.Sent() {
			continue
		}
		best := -1
		for j, rst := range c.facts {
			if rst.Packet == nil || !rst.Packet.RST() || rst.Host != note.Host {
				continue
			}
			if _, taken := noteOf[j]; taken || rst.At != note.At && !c.fits(note, rst) {
				continue
			}
			if best < 0 || distance(note, rst) < distance(note, c.facts[best]) {
				best = j
			}
		}
		if best >= 0 {
			rstOf[i], noteOf[best] = best, i
		}
	}
	return rstOf, noteOf
}

func distance(a, b fact) time.Duration { return max(a.At-b.At, b.At-a.At) }

// fits says whether a note can be about a RST, going by how the kernel builds
// what it notes so.
func (c *Connection) fits(note, rst fact) bool {
	path := rst.Packet.Path
	switch {
	case c.around.host(note.Host).Private && len(path) > 0 && path[0] != evidence.Sighting{Host: note.Host, Leaving: true}:
		return false
	case !note.Trace.Passive:
		return rst.Packet.Has("ACK")
	case rst.Packet.Has("ACK"): // it answers a segment without ACK, with the number 0
		header := header(rst.Packet)
		return header != nil && header.Seq == 0
	}
	return true
}

// doubt says why a kernel may have sent the RST although the kernel lane does
// not tell of it; "" if that cannot be.
func (q *question) doubt() string {
	host, at := q.fact().Host, q.fact().At
	for _, gap := range q.around.Gaps {
		if gap.Lane == evidence.Kernel && gap.From <= at && at <= gap.To {
			return gap.Why
		}
	}
	if q.lostEvents() {
		return "kernel events or calls were lost"
	}
	if q.around.counts(host) {
		switch sent, noted := q.around.counted(host, "OutRsts"), q.around.notedOf(host); {
		case sent <= noted: // also if others move the counter, too
			return ""
		case !q.around.noisy(host):
			return fmt.Sprintf("the counter OutRsts of %s moved by %d, and %d were noted", host, sent, noted)
		}
	}
	if q.closedItself() {
		return "its socket was closed just before, and a socket's own RST is noted when it has left"
	}
	return ""
}

// closedItself says whether the socket at the end that the RST names went to
// CLOSE before the RST without having received one. A thread that sends a RST
// may be stopped between the sending and the noting (net/ipv4/tcp_output.c,
// tcp_send_active_reset).
func (q *question) closedItself() bool {
	received, closed := false, false
	for _, f := range q.facts {
		switch {
		case f.At > q.fact().At+time.Microsecond: // tracepoints are rounded
			return closed
		case f.Host != q.fact().Host:
		case f.Trace != nil:
			received = received || !f.Trace.Sent()
		case f.State != nil && f.State.To == tcp.StateClosed:
			closed = !received
		}
	}
	return closed
}
