package diagnose_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/packets"
	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// A trial is one RST of a recording, as the kernel knows it and as the wire
// alone tells it.
type trial struct {
	scenario string // its name
	spec     string
	names    diagnose.Part // the end that the RST names
	truth    evidence.Reset
	scripted bool // a script, not a kernel, sent the segments of that end
	// translator says that a NAT sent the RST itself, which passed on the other
	// segments of that end.
	translator bool
	found      diagnose.Diagnosis
	form       string   // what the wire shows of it: see canonical
	possible   []string // its causes, once asked for
	distinct   bool     // it differs from what the end that it names sends: see distinct
}

// A judgement is what became of a trial.
type judgement string

const (
	right   judgement = "right"
	open    judgement = "open"   // and the right one is among the alternatives
	missing judgement = "missed" // it is not
	wrong   judgement = "WRONG"  // with confidence
)

// blind makes a connection of what a capture shows of each flow of a recording,
// in which nothing else tells of hosts, calls or kernels, and diagnoses it.
func blind(r *evidence.Recording, show func(evidence.Event) (evidence.Event, bool)) []trial {
	around := &diagnose.Surroundings{Elsewhere: true, LostPackets: r.LostPackets, Missing: []evidence.MissingLane{
		{Lane: evidence.Calls}, {Lane: evidence.Kernel}, {Lane: evidence.Counters}}}
	connections := make([]*diagnose.Connection, len(r.Flows))
	for i, f := range r.Flows {
		connections[i] = diagnose.New(evidence.Flow{Client: f.Client, Server: f.Server, ClientHost: "A", ServerHost: "B"}, around)
		connections[i].Number = i
		connections[i].Reused = slices.ContainsFunc(r.Flows[:i], func(g evidence.Flow) bool {
			return f.Client == g.Client && f.Server == g.Server
		})
	}
	segments, place := make([][]evidence.Event, len(r.Flows)), map[int]int{}
	for i := range r.Events {
		e := &r.Events[i]
		if e.Packet == nil || e.Flow < 0 || e.Packet.Dropped && e.Packet.To == r.Flows[e.Flow].ClientHost {
			continue
		}
		if shows, shown := show(seen(e, r.Flows[e.Flow])); shown {
			connections[e.Flow].Add(i, &shows)
			place[i] = len(segments[e.Flow])
			segments[e.Flow] = append(segments[e.Flow], shows)
		}
	}
	var trials []trial
	for i, c := range connections {
		for _, d := range c.Diagnoses() {
			for _, truth := range r.Resets {
				if d.Event >= 0 && truth.Event == d.Event {
					trials = append(trials, trial{scenarioOf(r), r.Spec, d.Names, truth, scripted(r, i, truth), translator(r, i, truth), d, canonical(segments[i], place[d.Event]), nil,
						distinct(segments[i], place[d.Event])})
				}
			}
		}
	}
	return trials
}

// seen is a segment as a capture shows it.
func seen(e *evidence.Event, f evidence.Flow) evidence.Event {
	p := *e.Packet
	p.Path, p.Dropped, p.Translated = nil, false, false
	from, to := "A", "B"
	if s, _ := new(packets.Decoder).Segment(p.Data, p.Length); s.From.String() == f.Server {
		from, to = to, from
	}
	p.To = to
	return evidence.Event{At: e.At, Flow: e.Flow, Host: from, Packet: &p}
}

func scenarioOf(r *evidence.Recording) string {
	name, _, _ := strings.Cut(r.Spec, "/")
	return name
}

// scripted says whether the alleged sender of a RST that no kernel sent is a
// script: none of its segments left a host.
func scripted(r *evidence.Recording, flow int, truth evidence.Reset) bool {
	if truth.Sender != evidence.Between {
		return false
	}
	claimed := r.Events[truth.Event].Host
	for i := range r.Events {
		e := &r.Events[i]
		if e.Flow == flow && e.Packet != nil && e.Host == claimed && len(e.Packet.Path) > 0 && e.Packet.Path[0].Leaving {
			return false
		}
	}
	return len(r.Events[truth.Event].Packet.Path) > 0
}

// translator says whether the host that sent a RST is a NAT, whose name bears
// what it only passed on.
func translator(r *evidence.Recording, flow int, truth evidence.Reset) bool {
	return slices.ContainsFunc(r.Events, func(e evidence.Event) bool {
		return e.Flow == flow && e.Packet != nil && e.Packet.Translated && e.Host == r.Events[truth.Event].Host
	})
}

// who judges where the RST came from, and on what occasion.
func (t *trial) who() judgement {
	kinds := map[evidence.Sender][]diagnose.Act{
		evidence.Application: {diagnose.ActAbort, diagnose.ActUnread, diagnose.ActReject},
		evidence.KernelReply: {diagnose.ActForgot, diagnose.ActFinished, diagnose.ActRefused, diagnose.ActStray, diagnose.ActReject},
		evidence.Timer:       {diagnose.ActTimer},
	}
	switch {
	case t.found.Sure == diagnose.Undecided:
		return open
	case t.scripted && t.found.Part == t.names:
		return right
	case t.truth.Sender == evidence.Between && t.found.Part == diagnose.PartBetween:
		return right
	case t.found.Part == t.names && (t.found.Act == "" || slices.Contains(kinds[t.truth.Sender], t.found.Act)):
		return right
	case t.translator && t.found.Part == diagnose.PartBetween:
		return right
	}
	return wrong
}

// why judges the cause, and the kernel's reason where one is given.
func (t *trial) why() judgement {
	possible := t.causes()
	switch {
	case t.found.Reason != "" && t.found.Reason != t.truth.Reason && !t.scripted:
		return wrong
	case t.found.SureOfCause != diagnose.Undecided && slices.Contains(possible, t.found.Causes[0]):
		return right
	case t.found.SureOfCause != diagnose.Undecided && !t.scripted:
		return wrong
	case slices.ContainsFunc(t.found.Causes, func(c string) bool { return slices.Contains(possible, c) }), t.scripted:
		return open
	}
	return missing
}

// causes are the right ones: those that the scenario shows and for which the
// kernel gives the reason, or else all for which it does.
func (t *trial) causes() []string {
	if t.possible == nil {
		t.possible = t.find()
	}
	return t.possible
}

// find finds them.
func (t *trial) find() []string {
	var shown, all []string
	named := t.named()
	for _, c := range causes.All() {
		fits := slices.Contains(c.Reasons, tcp.Reason(t.truth.Reason)) || c.Name == "linger-zero" && t.fastClosed()
		if t.truth.Sender == evidence.Between {
			fits = slices.Contains([]string{"firewall-rejects", "banned", "forged", "flow-expired", "inexact-reset",
				"time-wait-assassinated"}, c.Name)
		}
		if c.Name == "reset-lost" && t.truth.Sender == evidence.Application {
			fits = false // this one was on the wire
		}
		if fits {
			all = append(all, c.Name)
		}
		if fits && (c.Scenario == t.scenario || c.Name == named) {
			shown = append(shown, c.Name)
		}
	}
	if shown != nil {
		return shown
	}
	return all
}

// named is the cause that its recording is of: that of its scenario, but for a
// spec that shows the same by another, or the one that a twin is named for.
func (t *trial) named() string {
	if strings.HasSuffix(t.spec, "/resets-every-subflow-with-so-linger-0") {
		return "linger-zero"
	}
	if situation, found := catalogue.Find(t.scenario); found {
		return situation.Cause
	}
	return declared(t.spec)
}

// fastClosed says whether the RST ends a connection of Multipath TCP, where the
// kernel has one reason for a close with bytes unread and for SO_LINGER 0
// (net/mptcp/protocol.c, mptcp_do_fastclose).
func (t *trial) fastClosed() bool { return strings.Contains(t.form, ", TCP_ABORT_ON_CLOSE ") }

func (t *trial) String() string {
	return fmt.Sprintf("%s: %s/%s %s; found %s by %q (%s), %q [%s], causes %s %q; want %q",
		t.spec, t.truth.Sender, t.truth.Reason, t.names, t.found.Part, t.found.Rules, t.found.Sure, t.found.Picture, t.found.Clue,
		t.found.SureOfCause, t.found.Causes[:min(3, len(t.found.Causes))], t.causes())
}

// TestBlindWithLess: what shows less of the same recordings tells less, and
// nothing wrong with confidence.
func TestBlindWithLess(t *testing.T) {
	recordings := stored(t, "testdata/recordings.json.gz")
	for view, show := range views() {
		told := map[judgement]int{}
		for _, r := range recordings {
			for _, trial := range blind(r, show) {
				who, why := trial.who(), trial.why()
				told[who]++
				if who == wrong || why == wrong {
					t.Errorf("%s: who %s, why %s: %v", view, who, why, &trial)
				}
			}
		}
		t.Logf("%s: who sent it is right of %d, open of %d", view, told[right], told[open])
	}
}
