package report

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// mostLifelines bounds how many hosts are drawn.
const mostLifelines = 6

// A timeline is a recording made ready for drawing.
type timeline struct {
	rec    *evidence.Recording // harmless and, on demand, masked
	hosts  []evidence.Host     // the lifelines
	steps  []step
	hidden int // events that are at none of the lifelines
	// several says that two hosts have more than one connection, so that
	// steps must say which one they belong to.
	several bool
}

// A step is one row of the drawing.
type step struct {
	at      time.Duration // since the first step
	gap     time.Duration // since the step before
	flow    int           // -1 if it belongs to none
	segment *segment      // nil if nothing was sent
	notes   []note        // at most one for each lifeline
	events  []int         // what it is made of, indices of events
	reset   *evidence.Reset
	omitted int // so many steps were left out here; nothing else is set
}

// A segment is an arrow between two lifelines: a packet, or a run of them.
type segment struct {
	from, to     int
	named, meant int              // whom it names as its sender, and its receiver
	packet       *evidence.Packet // nil for a run
	labels       []string         // at several lengths, the richest first
	rst          bool
}

// lost says whether the packet was seen to come to another host than it was
// meant for, and to go no farther.
func (s *segment) lost() bool { return s.packet != nil && s.to != s.meant }

// said says whether the step is what a program has said.
func (s *step) said() bool { return len(s.notes) == 1 && s.notes[0].kind == aSaid }

// strange says whether nobody knows from where the step's RST was sent.
func (s *step) strange() bool {
	return s.reset != nil && s.reset.Sender == evidence.Between && len(s.reset.Origin) != 1
}

// A note is what happened at a lifeline.
type note struct {
	host    int
	flow    int
	kind    noteKind
	text    string
	bad     bool        // a call that failed
	call    *tcp.Call   // of a call
	begun   bool        // of a call that stands where it began
	changes []stateSpan // of a state; the last one is the note's text
}

type noteKind int

const (
	aCall noteKind = iota
	aState
	aTrace
	aSaid // by a program, or its end
)

// A stateSpan is the two states of a change.
type stateSpan struct{ from, to string }

// newTimeline arranges a recording in at most limit steps.
func newTimeline(r *evidence.Recording, limit int) *timeline {
	b := &builder{finished: map[[2]int]bool{}, watched: watchedHosts(r.Events)}
	b.rec, b.hosts, b.several = r, lifelines(r), severalFlows(r.Flows)
	for _, m := range moments(r.Events) {
		b.add(m)
	}
	b.verdicts()
	b.steps = fold(foldLines(b.steps))
	if len(b.steps) > limit {
		head, tail := b.steps[:limit*2/3], b.steps[len(b.steps)-limit/3:]
		left := step{flow: -1, omitted: len(b.steps) - len(head) - len(tail)}
		b.steps = slices.Concat(head, []step{left}, tail)
	}
	b.rebase()
	for i := 1; i < len(b.steps); i++ {
		b.steps[i].gap = max(0, b.steps[i].at-b.steps[i-1].at)
	}
	return &b.timeline
}

// rebase makes the first step the beginning of the time line.
func (t *timeline) rebase() {
	if len(t.steps) == 0 {
		return
	}
	first := t.steps[0].at
	for i := range t.steps {
		t.steps[i].at -= first
	}
}

// lifelines returns the hosts of a recording, first those that it lists and
// then those that only its events name.
func lifelines(r *evidence.Recording) []evidence.Host {
	var hosts []evidence.Host
	known := map[string]bool{}
	add := func(h evidence.Host) {
		if !known[h.Name] && len(hosts) < mostLifelines {
			known[h.Name] = true
			hosts = append(hosts, h)
		}
	}
	for _, h := range r.Hosts {
		add(h)
	}
	for _, e := range r.Events {
		add(evidence.Host{Name: e.Host})
		if e.Packet != nil {
			add(evidence.Host{Name: e.Packet.To})
		}
	}
	return hosts
}

// lifeline returns the index of the host's lifeline, -1 if it has none.
func (t *timeline) lifeline(host string) int {
	return slices.IndexFunc(t.hosts, func(h evidence.Host) bool { return h.Name == host })
}

// flow returns the connection of an index, nil if there is none.
func (t *timeline) flow(i int) *evidence.Flow {
	if i < 0 || i >= len(t.rec.Flows) {
		return nil
	}
	return &t.rec.Flows[i]
}

func severalFlows(flows []evidence.Flow) bool {
	seen := map[[2]string]bool{}
	for _, f := range flows {
		pair := [2]string{f.ClientHost, f.ServerHost}
		if seen[pair] {
			return true
		}
		seen[pair] = true
	}
	return false
}

// prefix names the connection where there are several.
func (t *timeline) prefix(flow int) string {
	if flow < 0 || !t.several {
		return ""
	}
	return fmt.Sprintf("#%d ", flow+1)
}

// outcomes returns what the ends saw, connection by connection, from the left
// to the right.
func (t *timeline) outcomes() []tcp.Outcome {
	flows := map[int]int{} // by the number of the end in the journal
	for _, e := range t.rec.Events {
		if e.Call != nil {
			flows[e.Call.Conn] = e.Flow
		}
	}
	return slices.SortedStableFunc(slices.Values(t.rec.Outcomes), func(a, b tcp.Outcome) int {
		return cmp.Or(cmp.Compare(flows[a.Conn], flows[b.Conn]), cmp.Compare(t.lifeline(a.Host), t.lifeline(b.Host)))
	})
}

// losses returns what the verdict on a RST says was lost, unless an earlier one
// has said the same of the same ends: on both sides of a proxy they are.
func (t *timeline) losses(reset int) []evidence.Loss {
	r := &t.rec.Resets[reset]
	for i := range t.rec.Resets[:reset] {
		earlier := &t.rec.Resets[i]
		if t.atOneProxy(earlier.Flow, r.Flow) && slices.Equal(earlier.Lost, r.Lost) {
			return nil
		}
	}
	return r.Lost
}

// atOneProxy says whether two connections may be the two sides of a proxy.
func (t *timeline) atOneProxy(i, j int) bool {
	a, b := t.flow(i), t.flow(j)
	return a != nil && b != nil && (a.ServerHost == b.ClientHost || a.ClientHost == b.ServerHost)
}

// peer returns the lifeline at the other end of a host's connection, -1 if
// that is unknown.
func (t *timeline) peer(host, flow int) int {
	f := t.flow(flow)
	if f == nil || host < 0 || host >= len(t.hosts) {
		return -1
	}
	switch t.hosts[host].Name {
	case f.ClientHost:
		return t.lifeline(f.ServerHost)
	case f.ServerHost:
		return t.lifeline(f.ClientHost)
	}
	return -1
}

// noteAt returns the note of a step at a lifeline, nil if there is none.
func (s *step) noteAt(host int) *note {
	for i := range s.notes {
		if s.notes[i].host == host {
			return &s.notes[i]
		}
	}
	return nil
}
