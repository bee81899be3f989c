package watch

import (
	"fmt"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
)

// Recording is the diagnosis in the form that package report draws, and that is
// stored: what the kernel told of both ends, and no packet that nobody saw. The
// engine says the same of it again. system is what it calls the machine.
func (d *Diagnosis) Recording(system string) *evidence.Recording {
	near, far := d.names()
	e := &d.Event
	r := &evidence.Recording{
		Version: evidence.Version, Scenario: d.title(near), Started: e.Time, System: system, Level: d.Level,
		Missing: []evidence.MissingLane{
			{Lane: evidence.Wire, Why: "watch captures no packets: tcpdump on this machine shows them"},
			{Lane: evidence.Calls, Why: "watch traces no program: strace shows its calls"},
			{Lane: evidence.Counters, Why: "the counters are the whole machine's"},
		},
		Hosts: []evidence.Host{{Name: near, IP: e.Local.Addr().String()}, {Name: far, IP: e.Remote.Addr().String()}},
		Flows: []evidence.Flow{e.flow(near, far)}, LostEvents: d.lost,
	}
	if r.Flows[0].ServerHost == near { // clients stand on the left
		r.Hosts[0], r.Hosts[1] = r.Hosts[1], r.Hosts[0]
	}
	for _, fact := range e.facts(near, far, e.Time) {
		called := slices.Contains([]string{"close", "close_range", "connect"}, e.Call)
		if fact.Call == nil && (fact.Figures == nil || e.Whole) || fact.Call != nil && called {
			r.Events = append(r.Events, fact)
		}
	}
	if d.Peer != nil {
		for _, fact := range d.Peer.facts(far, near, e.Time) {
			if fact.Figures == nil || d.Peer.Whole {
				r.Events = append(r.Events, fact)
			}
		}
	}
	if e.Kind != Failed {
		for _, one := range diagnose.Judge(r) {
			for _, v := range one.Verdicts {
				r.Resets = append(r.Resets, v.Reset)
			}
		}
	}
	return r
}

// names are those of the two lifelines: of the processes, as far as they are
// known, and else of what they are to each other.
func (d *Diagnosis) names() (near, far string) {
	near, far = d.Owner.String(), ""
	if d.Peer != nil {
		far = d.Peer.Owner.String()
	}
	if near == "" {
		near = "here"
		if d.Role() != UnknownRole {
			near = string(d.Role())
		}
	}
	if far == "" || far == near { // a program may talk to itself
		far = "peer"
		switch d.Role() {
		case Client:
			far = "server"
		case Server:
			far = "client"
		}
	}
	return near, far
}

// title says what happened in a sentence.
func (d *Diagnosis) title(near string) string {
	to := d.Remote.String()
	if d.Peer != nil && d.Peer.Owner.PID != 0 {
		to = fmt.Sprintf("%s (%v)", to, d.Peer.Owner)
	}
	if group := d.Group.String(); group != "" {
		near += " in " + group
	}
	switch d.Kind {
	case Received:
		return fmt.Sprintf("%s, at %v, got a RST from %s", near, d.Local, to)
	case Failed:
		return fmt.Sprintf("%s, at %v, got %s on its connection with %s: %s", near, d.Local, d.Error, to, d.Why)
	}
	return fmt.Sprintf("%s, at %v, sent a RST to %s", near, d.Local, to)
}

// since is when an event was, on the time line that begins at start.
func (e *Event) since(start time.Time) time.Duration { return max(0, e.Time.Sub(start)) }
