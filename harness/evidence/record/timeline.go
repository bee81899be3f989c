package record

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
)

// A row is an event on its way into the time line. Rows of the same time stand
// in the order of their ranks.
type row struct {
	evidence.Event
	at    instant
	rank  rank
	place int // where it came in
}

type rank int

const (
	before    rank = iota // a call, and what its host did before it sent anything
	sent                  // a segment
	explained             // why it was sent
	arrived               // what it brought about where it arrived
)

// events puts what the lanes have brought into causal order. Time stamps alone
// do not: the kernel notes a RST that a socket sends when it has mostly been
// received already, and its notes are precise to the microsecond only.
func (b *builder) events() []evidence.Event {
	rows := make([]row, 0, len(b.entries)+len(b.segments)+len(b.traces)+len(b.said))
	rows = b.callRows(rows)
	for _, f := range b.flows {
		rows = f.segmentRows(rows)
	}
	rows = append(b.traceRows(rows), b.said...)
	order := make([]*row, len(rows)) // rows are large
	for i := range rows {
		rows[i].place = i
		order[i] = &rows[i]
	}
	slices.SortFunc(order, func(a, b *row) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank, b.rank), cmp.Compare(a.place, b.place))
	})
	events := make([]evidence.Event, len(order))
	for i, r := range order {
		events[i] = r.Event
		events[i].At = max(0, time.Duration(r.at-b.started))
	}
	return events
}

// callRows returns the calls that were not over before anything was recorded.
func (b *builder) callRows(rows []row) []row {
	calls := make([]evidence.Call, len(b.entries))
	for i := range b.entries {
		entry := &b.entries[i]
		at := instantOf(entry.Call.Start)
		if at+instant(entry.Call.Duration) < b.started {
			continue
		}
		calls[i] = evidence.Call{Call: entry.Call, Conn: entry.Conn}
		r := row{Event: evidence.Event{Flow: -1, Host: entry.Host, Call: &calls[i]}, at: at}
		if f := b.conns[entry.Conn].flow; f != nil {
			r.Flow = f.index
		}
		rows = append(rows, r)
	}
	return rows
}

func (f *flow) segmentRows(rows []row) []row {
	for _, s := range f.segments {
		from, to := f.ClientHost, f.ServerHost
		if s.src != f.client {
			from, to = to, from
		}
		switch {
		case s.nat == "":
		case s.src == f.client:
			from = s.nat
		default:
			to = s.nat
		}
		s.packet.To = to
		rows = append(rows, row{Event: evidence.Event{Flow: f.index, Host: from, Packet: &s.packet}, at: s.at, rank: sent})
	}
	return rows
}

// A noted is a kernel's event with its time.
type noted struct {
	*capture.KernelEvent
	at instant
}

// traceRows returns what the tracepoints said of the run's connections.
func (b *builder) traceRows(rows []row) []row {
	taken := map[*segment]bool{}
	b.coming = map[netip.AddrPort][]*flow{}
	for _, f := range b.flows {
		b.coming[f.server] = append(b.coming[f.server], f)
	}
	for i := range b.traces {
		t := &noted{&b.traces[i], instantOf(b.traces[i].At)}
		var f *flow
		r := row{at: t.at}
		host := b.hostNames[t.Local.Addr()]
		switch {
		case t.Name == evidence.StateChanged && t.To == "SYN_SENT":
			f = b.connecting(t)
		case t.Name == evidence.ResetSent:
			f = b.anchor(t, host, &r, taken)
		default:
			f = b.flowAt(t.Local, t.Remote, t.at)
			f.follow(t, &r)
		}
		if f == nil {
			continue // another run's, or another process's
		}
		r.Flow = f.index
		if r.Host == "" {
			r.Host = f.hostAt(t.Local)
		}
		if t.Name == evidence.StateChanged {
			r.State = &evidence.StateChange{From: t.From, To: t.To}
		} else {
			r.Trace = &evidence.ResetTrace{Name: t.Name, Reason: t.Reason, Process: t.Process, Passive: t.Passive}
		}
		rows = append(rows, r)
	}
	return rows
}

// follow places what happened at the time of a segment that has come in, as
// precisely as that is known, behind the segment: it follows from it.
func (f *flow) follow(t *noted, r *row) {
	if f == nil {
		return
	}
	for _, s := range f.segments {
		apart := max(s.at-t.at, t.at-s.at)
		if s.dst == t.Local && apart <= instant(t.Precision/2) && (t.Name == evidence.StateChanged || s.packet.RST()) {
			r.at, r.rank = s.at, arrived
		}
	}
}

// connecting returns the flow that a socket is about to begin: the next one
// toward that server. The socket's port may not have been chosen yet.
func (b *builder) connecting(t *noted) *flow {
	coming := b.coming[t.Remote]
	for len(coming) > 0 && coming[0].first < t.at {
		coming = coming[1:]
	}
	b.coming[t.Remote] = coming
	for i, f := range coming {
		if t.Local == f.client || t.Local.Port() == 0 && t.Local.Addr() == f.client.Addr() {
			b.coming[t.Remote] = slices.Delete(coming, i, i+1)
			t.Local = f.client
			return f
		}
	}
	return nil
}

// anchor places the kernel's note on a RST at the RST that it is about: the
// nearest in time that no other note has taken and that left its host, where
// that has a capture. A socket's own, which always has ACK, is mostly noted
// when it has been received already, and behind what answers a segment that
// crossed it. Without such a RST the note stays where it is.
func (b *builder) anchor(t *noted, host string, r *row, taken map[*segment]bool) *flow {
	r.rank = explained
	flows := b.byPair[pairOf(t.Local, t.Remote)]
	listener := t.Remote.Port() == 0 // it does not say to whom
	if listener {
		flows = b.flowsTo(t.Local)
	}
	var home *flow
	var best *segment
	for _, f := range flows {
		for _, s := range f.segments {
			switch {
			case !s.packet.RST() || taken[s] || s.src != f.server && listener || s.src != t.Local && !listener:
			case !t.Passive && !s.ack, t.Passive && s.ack && !f.answersWithoutACK(s):
			case host != "" && len(s.packet.Path) > 0 && s.packet.Path[0] != evidence.Sighting{Host: host, Leaving: true}:
			case best == nil || max(s.at-t.at, t.at-s.at) < max(best.at-t.at, t.at-best.at):
				home, best = f, s
			}
		}
	}
	if best == nil { // it was not captured, or never left
		return b.flowAt(t.Local, t.Remote, t.at)
	}
	taken[best] = true
	r.at, r.Host = best.at, home.hostAt(best.src)
	return home
}

// answersWithoutACK says whether a RST has the sequence number 0, as one has
// that answers a segment without ACK (RFC 9293, section 3.5.2). No socket has
// come to that number but by chance.
func (f *flow) answersWithoutACK(rst *segment) bool {
	return rst.packet.Seq+f.start[f.side(rst.src)] == 0
}

// flowsTo returns the flows to a listener, whose address may be any.
func (b *builder) flowsTo(listener netip.AddrPort) []*flow {
	var flows []*flow
	for _, f := range b.flows {
		if f.server == listener || listener.Addr().IsUnspecified() && f.server.Port() == listener.Port() {
			flows = append(flows, f)
		}
	}
	return flows
}
