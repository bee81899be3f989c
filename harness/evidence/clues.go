package evidence

import (
	"time"

	"github.com/resetlab/resetlab/harness/tcp"
)

// position returns where the RST of a verdict stands among the events. One
// that was not seen stands at its kernel's note.
func (t *trial) position(reset *Reset) int {
	if reset.Event >= 0 {
		return reset.Event
	}
	for i := range t.Events {
		event := &t.Events[i]
		if event.Flow == reset.Flow && event.Host == reset.Host && event.Trace != nil &&
			event.Trace.Name == resetSent && t.packetOf(i) < 0 {
			return i
		}
	}
	return len(t.Events)
}

// segmentBefore returns the segment that a RST answers, -1 if none is there:
// the last one that came from the other end and whose acknowledgement is the
// RST's sequence number; or, if it had none, the last one.
func (t *trial) segmentBefore(reset *Reset) int {
	at, last := t.position(reset), -1
	for _, i := range t.byFlow[reset.Flow] {
		event := &t.Events[i]
		if i >= at || event.Packet == nil || event.Host == reset.Host || event.Packet.RST() {
			continue
		}
		if event.Packet.Dropped || event.Packet.Translated && event.Packet.To != reset.Host {
			continue // it never came, or is its own, which a NAT passed on
		}
		if last < 0 || reset.Event < 0 || t.answers(reset.Event, i) || !t.answers(reset.Event, last) {
			last = i
		}
	}
	return last
}

// answers says whether a RST has the sequence number with which the kernel
// answers a segment (RFC 9293, section 3.5.2).
func (t *trial) answers(rst, segment int) bool {
	r, s := t.Events[rst].Packet, t.Events[segment].Packet
	if s.Has("ACK") {
		return r.Seq == s.Ack
	}
	return r.Has("ACK")
}

// callBefore returns the call with which an application brought a RST about:
// the last one of those that can, begun before it at its host; -1 if the
// journal has none.
func (t *trial) callBefore(reset *Reset) int {
	at, last := t.position(reset), -1
	for _, i := range t.byFlow[reset.Flow] {
		event := &t.Events[i]
		if i >= at || event.Call == nil || event.Host != reset.Host {
			continue
		}
		switch event.Call.Op {
		case tcp.Close, tcp.Abort, tcp.Disconnect:
			last = i
		}
	}
	return last
}

// passedOn returns the RST that came to the proxy from its other side before
// it sent one of its own, -1 if there was none.
func (t *trial) passedOn(reset *Reset) int {
	other, known := t.beyond[reset.Flow]
	if !known || reset.Sender != Application || !t.isProxy(reset.Host) {
		return -1
	}
	at := t.position(reset)
	for _, i := range t.byFlow[other] {
		if i < at && t.Events[i].Packet != nil && t.Events[i].Packet.RST() && t.Events[i].Host != reset.Host {
			return i
		}
	}
	return -1
}

// pairs joins the two flows of each passage through a NAT, and through a proxy,
// as far as it is certain: the proxy dials after its client has come, so a flow from it
// belongs to the one flow to it that is older and has no partner yet.
func (t *trial) pairs() map[int]int {
	beyond := map[int]int{}
	for i, f := range t.Flows {
		if f.NAT != "" {
			beyond[i], beyond[f.Near] = f.Near, i
		}
	}
	for from, f := range t.Flows {
		if !t.isProxy(f.ClientHost) {
			continue
		}
		partner, several := -1, false
		for to, g := range t.Flows {
			_, taken := beyond[to]
			if taken || g.ServerHost != f.ClientHost || t.begun(to) > t.begun(from) {
				continue
			}
			several = several || partner >= 0
			partner = to
		}
		if partner >= 0 && !several {
			beyond[from], beyond[partner] = partner, from
		}
	}
	return beyond
}

// begun returns when a flow's first segment or, without one, first event was.
func (t *trial) begun(flow int) time.Duration {
	for _, i := range t.byFlow[flow] {
		if t.Events[i].Packet != nil {
			return t.Events[i].At
		}
	}
	if len(t.byFlow[flow]) > 0 {
		return t.Events[t.byFlow[flow][0]].At
	}
	return 0
}

// losses returns what was written at one end of a flow and not read at the
// other, by direction. Through a proxy the ends are those beyond it. Where an
// end is in no journal, or the journal is full, nothing is known.
func (t *trial) losses(flow int) []Loss {
	ends := t.ends(flow)
	if len(ends) < 2 {
		if other, known := t.beyond[flow]; known {
			ends = append(ends, t.ends(other)...)
		}
	}
	if len(ends) != 2 || t.LostEvents > 0 {
		return nil
	}
	var lost []Loss
	for i, from := range ends {
		if to := ends[1-i]; from.Sent > to.Received {
			lost = append(lost, Loss{From: from.Host, Written: from.Sent, Delivered: to.Received})
		}
	}
	return lost
}

// ends returns the outcomes of a flow.
func (t *trial) ends(flow int) []*tcp.Outcome {
	var ends []*tcp.Outcome
	known := map[int]bool{}
	for _, i := range t.byFlow[flow] {
		call := t.Events[i].Call
		if call == nil || known[call.Conn] {
			continue
		}
		known[call.Conn] = true
		if outcome, found := t.outcomes[call.Conn]; found {
			ends = append(ends, &t.Outcomes[outcome])
		}
	}
	return ends
}
