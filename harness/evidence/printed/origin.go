package printed

import (
	"net/netip"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A scheme is whose way of making sequence numbers relative a line follows.
type scheme uint8

const (
	// tcpdump prints the numbers of a segment without ACK, of a SYN and of the
	// first segment of a connection as they are, and others relative to those of
	// the last SYN or that first one, or all as they are with -S.
	tcpdump scheme = iota
	// tshark counts each direction from the first that it saw, or not at all.
	tshark
)

// mostConnections is of how many connections the origin of the numbers is
// remembered.
const mostConnections = 1 << 16

// origins make sequence numbers whole again. The zero value is ready.
type origins struct{ of map[[2]netip.AddrPort]*origin }

// An origin is what the numbers of a connection count from, by end.
type origin struct {
	base     [2]uint32
	has      [2]bool // base is a number that was printed, or follows from one
	sure     [2]bool // and one of the header
	relative bool    // the others count from base
	decided  bool    // relative is known
}

// restore replaces the numbers of a segment, as printed, by those of its header
// if it can, and says so if not.
func (o *origins) restore(s *evidence.Segment, by scheme) {
	ends, i := [2]netip.AddrPort{s.From, s.To}, 0
	if s.From.Compare(s.To) > 0 {
		ends, i = [2]netip.AddrPort{s.To, s.From}, 1
	}
	if len(o.of) >= mostConnections || o.of == nil {
		o.of = map[[2]netip.AddrPort]*origin{}
	}
	c := o.of[ends]
	if c == nil {
		c = &origin{}
		o.of[ends] = c
	}
	if by == tshark {
		c.columns(&s.Packet)
	} else {
		c.dump(&s.Packet, i)
	}
}

// columns follows tshark: a SYN that has another number than 0 is not relative.
func (c *origin) columns(p *evidence.Packet) {
	if p.Has("SYN") && !p.Lacks(evidence.FieldSeq) {
		c.relative, c.decided = p.Seq == 0, true
	}
	if c.relative || !c.decided {
		p.Unknown |= evidence.FieldOrigin
	}
}

// dump follows tcpdump, for a segment of end i.
func (c *origin) dump(p *evidence.Packet, i int) {
	seen := !p.Lacks(evidence.FieldSeq)
	switch {
	case p.Has("SYN"):
		c.begin(p, i, seen)
	case !p.Has("ACK"): // as it is, whatever the others are
		c.alone(p, i)
	case p.Lacks(evidence.FieldAck):
		p.Unknown |= evidence.FieldOrigin
	default:
		c.decide(p, i, seen)
		if c.decided && c.relative {
			p.Seq, p.Ack = p.Seq+c.base[i], p.Ack+c.base[1-i]
		}
		if !c.sure[i] || !c.sure[1-i] {
			p.Unknown |= evidence.FieldOrigin
		}
	}
	if !seen {
		p.Seq = 0
	}
}

// begin takes the numbers of a SYN.
func (c *origin) begin(p *evidence.Packet, i int, seen bool) {
	again := *c
	if !seen || c.sure[i] && c.base[i] == p.Seq && !p.Has("ACK") { // once more
		return
	}
	*c = origin{}
	c.base[i], c.has[i], c.sure[i] = p.Seq, true, true
	if p.Has("ACK") && !p.Lacks(evidence.FieldAck) {
		c.base[1-i], c.has[1-i], c.sure[1-i] = p.Ack-1, true, true
	}
	if again.base == c.base {
		c.decided, c.relative = again.decided, again.relative
	}
}

// alone says what the number of a segment without ACK is worth among those of
// its connection. If it is far from them they are relative, and it is not, or it
// is not of that connection's sender: the text does not tell.
func (c *origin) alone(p *evidence.Packet, i int) {
	const far = 1 << 30 // the largest window (RFC 7323, section 2.2)
	if c.sure[i] {
		return
	}
	p.Unknown |= evidence.FieldOrigin
	if c.has != [2]bool{} && (!c.has[i] || p.Seq-c.base[i] >= far) {
		p.Unknown |= evidence.FieldSeq
	}
}

// decide learns from the numbers of a segment with ACK whether they are
// relative: a connection has hardly come as far as the other reading says.
func (c *origin) decide(p *evidence.Packet, i int, seen bool) {
	if c.decided {
		return
	}
	absolute, relative := false, false
	if c.has[1-i] {
		absolute, relative = p.Ack-c.base[1-i] < p.Ack, p.Ack-c.base[1-i] > p.Ack
	}
	if c.has[i] && seen && !absolute && !relative {
		absolute, relative = p.Seq-c.base[i] < p.Seq, p.Seq-c.base[i] > p.Seq
	}
	both := c.has[0] && c.has[1]
	switch {
	case relative: // what it counts from was in the text, or was left out
		c.relative, c.decided = true, true
		c.sure = [2]bool{c.has[0], c.has[1]}
	case absolute && both:
		c.decided = true
	case absolute || c.has == [2]bool{}: // the first with ACK, which is as it is even without -S
		c.base[1-i], c.has[1-i] = p.Ack-1, true
		if seen {
			c.base[i], c.has[i] = p.Seq, true
		}
		c.sure = [2]bool{absolute && c.has[0], absolute && c.has[1]}
	}
}
