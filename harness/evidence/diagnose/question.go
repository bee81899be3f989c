package diagnose

import (
	"fmt"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A question is one RST of a connection with what the rules ask about it.
type question struct {
	*Connection
	at      int                  // where the RST or, if the wire did not show it, its note stands among the facts
	note    *evidence.ResetTrace // the kernel's note on it; nil if there is none
	cause   int                  // the fact that brought it about; -1: none is known
	verdict Verdict
}

// fact returns the RST or, if the wire did not show it, its note.
func (q *question) fact() fact { return q.facts[q.at] }

// seen says whether the wire showed the RST.
func (q *question) seen() bool { return q.fact().Packet != nil }

// op returns the call that brought the RST about, "" if none is known.
func (q *question) op() tcp.Op {
	if q.cause >= 0 && q.facts[q.cause].Call != nil {
		return q.facts[q.cause].Call.Op
	}
	return ""
}

// by names the process and the call that sent the RST, as far as known.
func (q *question) by(process string) string {
	if q.op() == "" {
		return process
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s()", process, q.op()))
}

// counted returns how far a counter moved for the host that sent the RST.
func (q *question) counted(counter string) int64 { return q.around.counted(q.verdict.Host, counter) }

// moved says whether it moved for that host, and for nobody else.
func (q *question) moved(counter string) bool { return q.around.moved(q.verdict.Host, counter) }

// segmentBefore returns the segment that the RST answers, -1 if none is there:
// the last one that came from the other end and whose acknowledgement is the
// RST's sequence number; or, if it had none, the last one.
func (q *question) segmentBefore() int {
	last := -1
	for i, f := range q.facts[:q.at] {
		if f.Packet == nil || f.Host == q.verdict.Host || f.Packet.RST() {
			continue
		}
		if f.Packet.Dropped || f.Packet.Translated && f.Packet.To != q.verdict.Host {
			continue // it never came, or is the host's own, which a NAT passed on
		}
		if last < 0 || !q.seen() || q.answers(i) || !q.answers(last) {
			last = i
		}
	}
	return last
}

// answers says whether the RST has the sequence number with which a kernel
// answers a segment (RFC 9293, section 3.5.2).
func (q *question) answers(segment int) bool {
	rst, s := q.fact().Packet, q.facts[segment].Packet
	if s.Has("ACK") {
		return rst.Seq == s.Ack
	}
	return rst.Has("ACK")
}

// callBefore returns the call with which an application brought the RST about:
// the last of those that can, begun before it at its host; -1 if none is known.
func (q *question) callBefore() int {
	last := -1
	for i, f := range q.facts[:q.at] {
		if f.Call != nil && f.Host == q.verdict.Host && (f.Call.Op.Closes() || f.Call.Op == tcp.Disconnect) {
			last = i
		}
	}
	return last
}

// own says whether the RST has the shape of a socket's own. Linux gives that its
// window and its running IP identification (net/ipv4/tcp_output.c,
// tcp_send_active_reset), and an answer neither (net/ipv4/tcp_ipv4.c,
// tcp_v4_send_reset).
func (q *question) own() bool {
	if !q.seen() {
		return false
	}
	rst, answered := q.fact().Packet, q.segmentBefore()
	return rst.Window != 0 || rst.IPID != 0 ||
		rst.Has("ACK") && answered >= 0 && q.facts[answered].Packet.Has("ACK")
}

// shape says how the RST looks.
func (q *question) shape() string {
	rst := q.fact().Packet
	return fmt.Sprintf("%s, window %d, IP id %d", rst.Flags, rst.Window, rst.IPID)
}

// otherTTL says whether the RST has another TTL than the first other segment
// that its sender sent, and not only passed on, on the connection.
func (q *question) otherTTL() bool {
	for _, f := range q.facts {
		if f.Packet == nil || f.Packet.RST() || f.Packet.Translated {
			continue
		}
		if f.Host == q.fact().Host && q.senderOf(f.Event) == q.senderOf(q.fact().Event) {
			return f.Packet.TTL != q.fact().Packet.TTL
		}
	}
	return false
}

// gaveUp says whether keepalive gave up.
func (q *question) gaveUp() bool {
	probed, timedOut := q.moved("TCPKeepAlive"), q.moved("TCPAbortOnTimeout")
	return probed && timedOut && q.callBefore() < 0
}

// accepted says whether the end that sent the RST was ever in the hands of an
// application.
func (q *question) accepted() bool {
	if q.carried[q.verdict.Host].calls {
		return true
	}
	for _, f := range q.facts {
		if f.Call != nil && f.Host == q.verdict.Host {
			return true
		}
	}
	return q.Flow.ServerHost != q.verdict.Host
}

// shortestWait is how long a kernel at least remembers what it has closed:
// tcp_fin_timeout is in seconds (ip-sysctl.rst).
const shortestWait = time.Second

// waits says whether the end that sent the RST had sent its FIN before, and can
// only be waiting still: not so long that it may have forgotten, and no RST has
// come that ends the wait (RFC 1337). A capture that lost segments does not
// tell.
func (q *question) waits() bool {
	if q.lostPackets() {
		return false
	}
	finished := false
	for _, f := range q.facts[:q.at] {
		switch {
		case f.Packet == nil:
		case f.Host != q.verdict.Host && f.Packet.RST():
			return false
		case f.Host == q.verdict.Host && f.Packet.Has("FIN") && !finished:
			finished = true
			if q.fact().At-f.At >= shortestWait {
				return false
			}
		}
	}
	return finished
}

// unread returns how many bytes had come to the end that sent the RST and were
// not read by then. It is known where the calls of that end are.
func (q *question) unread() (bytes int64, known bool) {
	if q.dropped > q.fact().number {
		return 0, false // the sums hold what came later, too
	}
	var highest uint32
	for host, carried := range q.carried {
		if host != q.verdict.Host {
			highest = max(highest, carried.highest)
		}
	}
	own := q.carried[q.verdict.Host]
	bytes, known = -own.read, own.calls
	closed := false
	for _, f := range q.facts[:q.at] {
		switch {
		case f.Packet != nil && f.Host == q.verdict.Host && f.Packet.Len > 0 && closed:
			return 0, false // another process has the socket, too, a forked one, and its calls are not known
		case f.Packet != nil && f.Host != q.verdict.Host && f.Packet.Len > 0:
			highest = max(highest, f.Packet.Seq+uint32(f.Packet.Len)-1)
		case f.Call != nil && f.Host == q.verdict.Host:
			known = true
			closed = closed || f.Call.Op.Closes()
			if f.Call.Op == tcp.Read {
				bytes -= int64(f.Call.Bytes)
			}
		}
	}
	return bytes + int64(highest), known
}

// figures returns what the kernel last said of the socket that sent the RST; the
// zero value if it said nothing. What was read afterwards is not unread any
// more, how much of it nobody knows.
func (q *question) figures() evidence.Figures {
	var last evidence.Figures
	for _, f := range q.facts[:q.at+1] {
		switch {
		case f.Host != q.verdict.Host:
		case f.Figures != nil:
			last = *f.Figures
		case f.Call != nil && f.Call.Op == tcp.Read:
			last.Unread = 0
		}
	}
	return last
}

// passedOn returns the RST that came to a proxy from its other side before it
// sent this one.
func (q *question) passedOn() (rst fact, found bool) {
	if q.other == nil || q.verdict.Sender != evidence.Application || !q.around.host(q.verdict.Host).Proxy {
		return fact{}, false
	}
	for _, f := range q.other.facts {
		if f.number < q.fact().number && f.Packet != nil && f.Packet.RST() && f.Host != q.verdict.Host {
			return f, true
		}
	}
	return fact{}, false
}

// over says whether the connection was over before a call, as far as calls
// tell: its end had been reset, or both ends had sent their FIN. What ends it
// then sends nothing (net/ipv4/tcp.c, tcp_need_reset).
func (c *Connection) over(call int) bool {
	var own, other bool
	for _, f := range c.facts[:call] {
		switch {
		case f.Call == nil:
		case f.Host != c.facts[call].Host:
			other = other || f.Call.Op == tcp.Shutdown || f.Call.Op == tcp.Close
		case f.Call.Ending == tcp.Reset:
			return true
		default:
			own = own || f.Call.Op == tcp.Shutdown
		}
	}
	return own && other
}
