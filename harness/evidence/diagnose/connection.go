package diagnose

import (
	"slices"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// What bounds a Connection.
const (
	factsKept = 512 // facts in all
	factsHead = 16  // of which the first ones always stay
	endsKept  = 16  // ends whose outcomes are kept; a descriptor passed on adds one
)

// A Connection is what is known of one TCP connection.
type Connection struct {
	// Number is the caller's for the connection, which verdicts call Flow.
	Number int
	// Flow says which connection it is, and at which hosts its ends are.
	Flow evidence.Flow
	// Reused says that a connection between the same two ends came before it, of
	// which something may be left.
	Reused bool

	around   *Surroundings
	other    *Connection // the other side of a NAT or a proxy; nil if it is not known
	facts    []fact
	ends     []int // the numbers of its ends in the journal, in the order of their first calls
	outcomes map[int]tcp.Outcome
	carried  map[string]carry // by host, of the facts that were dropped
	dropped  int              // the number of the last fact that was dropped; -1: none was
	lost     uint64           // facts dropped that nothing carries
	passed   bool             // there were segments of which only sums are known
}

// A fact is an event with the caller's number for it.
type fact struct {
	number int
	*evidence.Event
}

// A carry is what remains of a host's dropped facts.
type carry struct {
	highest uint32 // the relative number of the last byte that it sent
	read    int64  // bytes that its calls read
	calls   bool   // it made some
}

// New begins the history of a connection. around must not be nil.
func New(flow evidence.Flow, around *Surroundings) *Connection {
	return &Connection{Flow: flow, around: around, outcomes: map[int]tcp.Outcome{}, carried: map[string]carry{}, dropped: -1}
}

// join says that two connections are the two sides of a NAT, or of a proxy.
func join(a, b *Connection) { a.other, b.other = b, a }

// Add adds a fact. Facts come in causal order: what brought a RST about before
// it, and a kernel's note about a RST behind it. number is the caller's for the
// fact, by which verdicts name it; numbers grow, also over connections that are
// joined. The Connection keeps e, which must not change afterwards.
//
// A connection keeps 512 facts. Beyond that, data and acknowledgements in the
// middle go first, and their sums stay.
func (c *Connection) Add(number int, e *evidence.Event) {
	if e.Bulk != nil { // no fact, but what is behind it may begin anywhere
		c.dropped, c.passed = max(c.dropped, number), true
		return
	}
	c.around.count(e, c.senderOf(e))
	if e.Call != nil && !slices.Contains(c.ends, e.Call.Conn) && len(c.ends) < endsKept {
		c.ends = append(c.ends, e.Call.Conn)
	}
	if len(c.facts) == factsKept {
		c.drop()
	}
	c.facts = append(c.facts, fact{number, e})
}

// AddOutcome adds what one end saw of the connection in all. Its number in the
// journal says which end; that of an end without calls is not kept.
func (c *Connection) AddOutcome(o tcp.Outcome) {
	if slices.Contains(c.ends, o.Conn) {
		c.outcomes[o.Conn] = o
	}
}

// drop makes room for a fact.
func (c *Connection) drop() {
	at := factsHead
	for at < len(c.facts) && !ordinary(c.facts[at].Event) {
		at++
	}
	if at == len(c.facts) { // a flood: nothing stands for what is dropped now
		at = factsHead
		c.lost++
	}
	f := c.facts[at]
	carried := c.carried[f.Host]
	switch {
	case f.Packet != nil && f.Packet.Len > 0:
		carried.highest = max(carried.highest, f.Packet.Seq+uint32(f.Packet.Len)-1)
	case f.Call != nil:
		carried.calls = true
		if f.Call.Op == tcp.Read {
			carried.read += int64(f.Call.Bytes)
		}
	}
	c.carried[f.Host] = carried
	c.dropped = max(c.dropped, f.number)
	c.facts = slices.Delete(c.facts, at, at+1)
}

// ordinary says whether a fact tells no more than its share of a sum: a segment
// of an established connection, a read or write that succeeded.
func ordinary(e *evidence.Event) bool {
	switch {
	case e.Packet != nil:
		return !e.Packet.Has("SYN") && !e.Packet.Has("FIN") && !e.Packet.RST()
	case e.Call != nil:
		return e.Call.Ending == tcp.Open && (e.Call.Op == tcp.Read || e.Call.Op == tcp.Write || e.Call.Op == tcp.Poll)
	}
	return e.Figures != nil // the last ones count
}

// sendsRST says whether its host sent a RST, rather than passing one on.
func sendsRST(e *evidence.Event) bool {
	return e.Packet != nil && e.Packet.RST() && !e.Packet.Translated
}

// lostPackets says whether segments of the connection may be missing.
func (c *Connection) lostPackets() bool {
	return c.around.LostPackets > 0 || c.lost > 0 || c.around.hasGap(evidence.Wire)
}

// lostEvents says whether kernel events or calls of it may be missing.
func (c *Connection) lostEvents() bool { return c.around.LostEvents > 0 || c.lost > 0 }

// losses returns what was written at one end and not read at the other, by
// direction. Through a proxy the ends are those beyond it. Where an end is in no
// journal, or the journal is not whole, nothing is known.
func (c *Connection) losses() []evidence.Loss {
	ends := c.known()
	if len(ends) < 2 && c.other != nil {
		ends = append(ends, c.other.known()...)
	}
	if len(ends) != 2 || c.around.LostEvents > 0 {
		return nil
	}
	var lost []evidence.Loss
	for i, from := range ends {
		if to := ends[1-i]; from.Sent > to.Received {
			lost = append(lost, evidence.Loss{From: from.Host, Written: from.Sent, Delivered: to.Received})
		}
	}
	return lost
}

// known returns the outcomes that are known.
func (c *Connection) known() []tcp.Outcome {
	var known []tcp.Outcome
	for _, conn := range c.ends {
		if outcome, found := c.outcomes[conn]; found {
			known = append(known, outcome)
		}
	}
	return known
}
