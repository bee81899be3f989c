package diagnose

import (
	"fmt"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/icmp"
	"github.com/resetlab/resetlab/harness/tcp"
)

// What ICMP says of a segment ends an attempt to connect (net/ipv4/tcp_ipv4.c,
// tcp_v4_err: in SYN_SENT every error does), and is a hint to an open connection
// (RFC 1122, section 4.2.3.9): Linux keeps it as the error with which the
// connection times out, should it do so, and forgets it with the next
// acknowledgement (tcp_write_err, tcp_ack). Other systems try a SYN again, too.

// An icmpError is an ICMP error among the segments.
type icmpError struct {
	*evidence.ICMP
	at  int // how many segments came before it
	end int // whose segment it quotes
}

// heeded says whether a TCP takes a message for one of its connection that tells
// of the way.
func (m *icmpError) heeded() bool { return !m.Astray && m.Message != icmp.PacketTooBig }

// says quotes a message.
func (m *icmpError) says() string { return fmt.Sprintf("ICMP from %s said %q", m.From, m.Message) }

// A noWay is what ICMP told an end that was not heard any more.
type noWay struct {
	*icmpError     // the last message
	end        int // that was told
	later      int // how many of its segments came behind the first message
	named      bool
	opened     bool // the other end had been heard before
}

// noWay returns what ICMP told the end that has sent what was not answered; ok
// is false if neither end is so, or it was told nothing.
func (w *wire) noWay(both [2]side) (n noWay, ok bool) {
	for end := range both {
		n = noWay{end: end}
		first := -1
		for i := range w.icmp {
			m := &w.icmp[i]
			if m.end != end || !m.heeded() {
				continue
			}
			if first < 0 {
				first = m.at
			}
			n.icmpError, n.named = m, n.named || !m.Guessed || m.Message == icmp.PortUnreachable
		}
		if n.icmpError == nil || both[1-end].last >= first {
			continue // nothing was said, or the other end was heard afterwards
		}
		for i := first; i < len(w.segments); i++ {
			if w.segments[i].from == end {
				n.later++
			}
		}
		n.opened = both[1-end].count > 0 || w.lacksAny(LacksBegin) || w.lacksAny(LacksResponder)
		if !n.opened && end == initiator && both[end].syn >= 0 || both[end].again >= goneAfter {
			return n, true
		}
	}
	return noWay{}, false
}

// unreachable diagnoses a connection that ICMP has ended, or would.
func (w *wire) unreachable(d *Diagnosis, n noWay, both [2]side) {
	d.End, d.Settle = EndUnreachable, fmt.Sprintf("the rules and the routes of %s, which sent the message: nft list ruleset, ip route get", n.From)
	if !n.named {
		d.Sure = Undecided
	}
	switch who := string(w.part(n.end)); {
	case n.opened:
		d.Why = fmt.Sprintf("the %s was sending again and again, and %s", who, n.says())
	case n.later > 0:
		d.Why = fmt.Sprintf("its SYN was sent %d times, and %s", both[n.end].count, n.says())
	default:
		d.Why = "its SYN was not answered but by ICMP: " + n.says()
	}
	d.Clue = "the message quotes what was under way"
	switch {
	case n.Guessed:
		d.Clue = "the trace does not show what the message quotes: it came behind a segment to the destination that it names"
	case n.Unknown&evidence.FieldSeq != 0:
		d.Clue = "the message quotes the ends of the connection; a number is not shown"
	}
	if n.Message.Rejects() {
		d.Clue += ", and a firewall's rule says this, not the TCP of a host"
	}
	if n.From == w.around.host([2]string{w.Flow.ClientHost, w.Flow.ServerHost}[1-n.end]).IP {
		d.Clue += "; it comes from the other end's own machine, or in its name"
	}
	view := [2]*EndView{&d.Initiator, &d.Responder}[n.end]
	view.Saw = w.told(n)
}

// told says what the program at the end met that ICMP has told.
func (w *wire) told(n noWay) Saw {
	system := w.stacks[n.end].System
	saw := Saw{Read: n.Ending(), Sure: Undecided}
	if system == Linux && n.named {
		saw.Sure = Likely
	}
	switch {
	case n.opened:
		saw.Why = "what ICMP said is the error of an open connection when it gives up, on Linux: " + n.Errno
	case n.later > 0:
		return Saw{tcp.Ending(""), "", Undecided, "its TCP tried again in spite of ICMP: those of BSD and Windows do, and Linux where the message does not arrive"}
	case system != Linux && system != UnknownSystem:
		return Saw{tcp.Ending(""), "", Undecided, fmt.Sprintf("Linux would say %s at once, and other systems may try again first", n.Errno)}
	default:
		saw.Why = "ICMP ends a connect on Linux: " + n.Errno
	}
	return saw
}

// aside says what ICMP said before segment at and what does not decide; "" if
// nothing.
func (w *wire) aside(at int) string {
	var heeded, big, astray *icmpError
	for i := range w.icmp {
		switch m := &w.icmp[i]; {
		case m.at > at:
		case m.Astray:
			astray = m
		case m.Message == icmp.PacketTooBig:
			big = m
		default:
			heeded = m
		}
	}
	switch {
	case heeded != nil && w.known(at):
		return heeded.says() + ", which is a hint to an open connection and does not end it"
	case heeded != nil:
		return heeded.says() + " before"
	case big != nil && big.MTU > 0:
		return fmt.Sprintf("ICMP from %s asked for packets of at most %d bytes: bigger ones do not pass", big.From, big.MTU)
	case big != nil:
		return big.says() + ": big packets do not pass"
	case astray != nil:
		return astray.says() + " of what was not under way: it is late or forged, and counts for nothing"
	}
	return ""
}

// known says whether both ends were heard before segment at.
func (w *wire) known(at int) bool {
	both := w.sides(min(at, len(w.segments)))
	return both[initiator].count > 0 && both[responder].count > 0
}

// silentPicture returns what is to be seen of the end of a connection that had no
// RST.
func (w *wire) silentPicture(d *Diagnosis, n noWay) Picture {
	if d.End == EndUnreachable && n.Message.Rejects() {
		return picture(picRejected)
	}
	return picture(string(d.End))
}
