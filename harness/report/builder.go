package report

import (
	"slices"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// together is how far apart in time parts of one step may be. What the kernel
// does at once it stamps within microseconds.
const together = 10 * time.Millisecond

// A builder turns moments into steps.
type builder struct {
	timeline
	finished map[[2]int]bool // the ends to which a FIN came, by lifeline and flow
	watched  map[string]bool // the hosts that have captures of their own
}

func (b *builder) add(m moment) {
	host := b.lifeline(m.event.Host)
	switch e := m.event; {
	case host < 0:
		b.hidden++
	case e.Packet != nil:
		b.addSegment(m, host)
	case e.ICMP != nil:
		b.begin(m, nil, note{host: host, flow: e.Flow, kind: aSaid, text: e.ICMP.String(), bad: !e.ICMP.Astray})
	case e.State != nil:
		b.addState(m, host)
	case e.Trace != nil:
		b.addTrace(m, host)
	case e.Figures != nil:
		b.begin(m, nil, note{host: host, flow: e.Flow, kind: aSaid, text: "its socket: " + e.Figures.String()})
	case e.Bulk != nil:
		b.addBulk(m, host)
	case e.Line != nil:
		b.begin(m, nil, note{host: host, flow: -1, kind: aSaid, text: lineText(e.Line)})
	case e.Exit != nil:
		bad := e.Exit.Status != 0 || e.Exit.Signal != "" || e.Exit.Error != ""
		b.begin(m, nil, note{host: host, flow: -1, kind: aSaid, text: exitText(e.Exit), bad: bad})
	case e.Call != nil:
		text := callText(e.Call.Call)
		if m.begun {
			text = string(e.Call.Op) + "()"
		}
		n := note{host: host, flow: e.Flow, text: text, call: &e.Call.Call, begun: m.begun || m.whole}
		n.bad = failed(e.Call.Call) && e.Call.Ending != tcp.Finished && !m.begun
		b.begin(m, nil, n)
	}
}

// begin begins a step.
func (b *builder) begin(m moment, s *segment, notes ...note) {
	b.steps = append(b.steps, step{at: m.at, flow: m.event.Flow, segment: s, notes: notes, events: []int{m.index}})
}

// last returns the step before if a moment may join it, nil otherwise. What a
// program says between parts nothing: it was read when there was time.
func (b *builder) last(m moment) *step {
	i := len(b.steps) - 1
	for i >= 0 && b.steps[i].said() {
		i--
	}
	if i < 0 {
		return nil
	}
	s := &b.steps[i]
	if s.flow != m.event.Flow || m.at-s.at > together {
		return nil
	}
	return s
}

// addSegment draws a packet, beside the call or the change of state of its
// sender that comes just before.
func (b *builder) addSegment(m moment, from int) {
	p := m.event.Packet
	to := b.lifeline(p.To)
	if to < 0 || to == from {
		b.hidden++
		return
	}
	s := &segment{from: from, to: to, named: from, meant: to, packet: p, labels: segmentLabels(p), rst: p.RST()}
	b.follow(s)
	from = s.from
	if has(p, "FIN") && !s.lost() {
		b.finished[[2]int{to, m.event.Flow}] = true
	}
	last := b.last(m)
	if last == nil || last.segment != nil || !sentBy(last, from) {
		b.begin(m, s)
		return
	}
	last.segment = s
	last.events = append(last.events, m.index)
}

// addBulk draws segments of which there are only sums, as a run is drawn.
func (b *builder) addBulk(m moment, from int) {
	sums := m.event.Bulk
	to := b.lifeline(sums.To)
	if to < 0 || to == from {
		b.hidden++
		return
	}
	of := tally{n: sums.Data, bytes: sums.Bytes, acks: sums.Segments - sums.Data}
	b.begin(m, &segment{from: from, to: to, named: from, meant: to, labels: runLabels(of)})
}

// follow has an arrow begin at the lifeline that its packet left first, and end
// where a packet that was dropped was seen last.
func (b *builder) follow(s *segment) {
	path := s.packet.Path
	if len(path) == 0 {
		return
	}
	from, to := s.from, s.to
	first, last := path[0], path[len(path)-1]
	if i := b.lifeline(first.Host); first.Leaving && i >= 0 {
		from = i
	}
	if i := b.lifeline(last.Host); !last.Leaving && i >= 0 && b.watched[s.packet.To] {
		to = i
	}
	if from != to {
		s.from, s.to = from, to
	}
}

// watchedHosts returns the hosts that have captures of their own.
func watchedHosts(events []evidence.Event) map[string]bool {
	watched := map[string]bool{}
	for _, e := range events {
		if e.Packet == nil {
			continue
		}
		for _, s := range e.Packet.Path {
			watched[s.Host] = true
		}
	}
	return watched
}

// sentBy says whether all notes of a step may be what made host send.
func sentBy(s *step, host int) bool {
	for _, n := range s.notes {
		if n.host != host || n.kind == aTrace || n.kind == aCall && !n.begun {
			return false
		}
	}
	return true
}

// addState draws a change of state, beside the segment that it belongs to or
// beside the other end's.
func (b *builder) addState(m moment, host int) {
	change := stateSpan{string(m.event.State.From), string(m.event.State.To)}
	if b.waits(host, m.event.Flow, change) {
		change.to = "TIME_WAIT"
	}
	n := note{host: host, flow: m.event.Flow, kind: aState, text: change.to, changes: []stateSpan{change}}
	last := b.last(m)
	if last != nil && last.passesOn(host, change) {
		last.events = append(last.events, m.index)
		return
	}
	if last == nil || last.noteAt(host) != nil || !joinable(last, host) {
		b.begin(m, nil, n)
		return
	}
	last.notes = append(last.notes, n)
	last.events = append(last.events, m.index)
}

// waits says whether an end goes to TIME_WAIT: both have sent their FIN, and it
// was the first. Linux closes its socket then and leaves a smaller one to wait
// in its place, which no tracepoint tells (net/ipv4/tcp_minisocks.c,
// tcp_time_wait).
func (b *builder) waits(host, flow int, change stateSpan) bool {
	return change.to == "CLOSE" && (change.from == "FIN_WAIT2" || change.from == "CLOSING") &&
		b.finished[[2]int{host, flow}]
}

// passesOn adds a change of state to the note of the one before, if the socket
// only passes through the state between: Linux makes a server's socket when the
// last ACK of the handshake has come, has it enter SYN_RECV, and leave it at
// once (net/ipv4/tcp_minisocks.c, tcp_child_process).
func (s *step) passesOn(host int, change stateSpan) bool {
	n := s.noteAt(host)
	if n == nil || n.kind != aState || n.text != "SYN_RECV" || change.from != "SYN_RECV" {
		return false
	}
	n.text, n.changes = change.to, append(n.changes, change)
	return true
}

// joinable says whether a change of state at host may join a step.
func joinable(s *step, host int) bool {
	if s.segment != nil {
		return host == s.segment.from || host == s.segment.to
	}
	return !slices.ContainsFunc(s.notes, func(n note) bool { return n.kind != aState })
}

// addTrace adds the kernel's note about a RST to the segment before; it is a
// step of its own where no segment was seen.
func (b *builder) addTrace(m moment, host int) {
	last := b.last(m)
	if last != nil && last.segment != nil && last.segment.rst {
		last.events = append(last.events, m.index)
		return
	}
	n := note{host: host, flow: m.event.Flow, kind: aTrace, text: traceText(m.event.Trace)}
	if t := m.event.Trace; t.AtHand != nil || t.Error != "" { // more than a margin holds
		n.kind = aSaid
	}
	b.begin(m, nil, n)
}

// traceText is what a kernel noted, and in the time of which call.
func traceText(t *evidence.ResetTrace) string {
	text := strings.TrimSpace(t.Name + " " + t.Reason)
	if t.Error != "" {
		text += " " + t.Error
	}
	switch hand := t.AtHand; {
	case hand == nil:
	case hand.Signal != "":
		text += ", " + hand.Signal
	case hand.Dying:
		text += ", its process exits"
	case hand.Call != "":
		text += ", " + hand.Call + "()"
	}
	return text
}

// verdicts gives each RST its verdict.
func (b *builder) verdicts() {
	of := map[int]*evidence.Reset{}
	for i := range b.rec.Resets {
		of[b.rec.Resets[i].Event] = &b.rec.Resets[i]
	}
	for i := range b.steps {
		s := &b.steps[i]
		if s.segment == nil || !s.segment.rst {
			continue
		}
		for _, event := range s.events {
			if v := of[event]; v != nil {
				s.reset = v
			}
		}
	}
}
