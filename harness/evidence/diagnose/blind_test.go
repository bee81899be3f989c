package diagnose_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/tcp"
)

var record = flag.String("recordings", "", "store what is blindly diagnosed anew, from this file of 'resetlab run --all --json'")

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
	for i := range r.Events {
		e := &r.Events[i]
		if e.Packet != nil && e.Flow >= 0 && !(e.Packet.Dropped && e.Packet.To == r.Flows[e.Flow].ClientHost) {
			if e, shown := show(seen(e, r.Flows[e.Flow])); shown {
				connections[e.Flow].Add(i, &e)
			}
		}
	}
	var trials []trial
	for i, c := range connections {
		for _, d := range c.Diagnoses() {
			for _, truth := range r.Resets {
				if d.Event >= 0 && truth.Event == d.Event {
					trials = append(trials, trial{scenarioOf(r), r.Spec, d.Names, truth, scripted(r, i, truth), translator(r, i, truth), d})
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
	if s, _ := new(evidence.Decoder).Segment(p.Data, p.Length); s.From.String() == f.Server {
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
	var shown, all []string
	for _, c := range causes.All() {
		fits := slices.Contains(c.Reasons, tcp.Reason(t.truth.Reason))
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
		if fits && c.Scenario == t.scenario {
			shown = append(shown, c.Name)
		}
	}
	if shown != nil {
		return shown
	}
	return all
}

func (t *trial) String() string {
	return fmt.Sprintf("%s: %s/%s %s; found %s by %q (%s), %q [%s], causes %s %q; want %q",
		t.spec, t.truth.Sender, t.truth.Reason, t.names, t.found.Part, t.found.Rules, t.found.Sure, t.found.Picture, t.found.Clue,
		t.found.SureOfCause, t.found.Causes[:min(3, len(t.found.Causes))], t.causes())
}

// A tally is what became of the trials of a scenario.
type tally struct {
	trials   int
	who, why map[judgement]int
	pictures []string
}

// table is the blind diagnosis by scenario, in Markdown.
func table(trials []trial) string {
	tallies, names := map[string]*tally{}, []string{}
	sum := tally{who: map[judgement]int{}, why: map[judgement]int{}}
	for i := range trials {
		t := &trials[i]
		if tallies[t.scenario] == nil {
			tallies[t.scenario] = &tally{who: map[judgement]int{}, why: map[judgement]int{}}
			names = append(names, t.scenario)
		}
		for _, into := range []*tally{tallies[t.scenario], &sum} {
			into.trials++
			into.who[t.who()]++
			into.why[t.why()]++
			if !slices.Contains(into.pictures, t.found.Picture) {
				into.pictures = append(into.pictures, t.found.Picture)
			}
		}
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString(tableHead)
	row := func(name string, t *tally, pictures string) {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d | %d | %d | %s |\n", name, t.trials, t.who[right], t.who[open], t.who[wrong],
			t.why[right], t.why[open], t.why[wrong]+t.why[missing], pictures)
	}
	row("**all**", &sum, fmt.Sprintf("%d pictures", len(sum.pictures)))
	for _, name := range names {
		row(name, tallies[name], strings.Join(tallies[name].pictures, "; "))
	}
	return b.String()
}

const tableHead = `# What the wire alone tells

Each RST of the scenarios' recordings, diagnosed from the segments alone: no calls, no kernel lane, no counters, no
states, no names, unknown systems at both ends. "Who" is where it came from and on what occasion, "why" the cause;
open says that the same segments can have several causes, which are all named. Made by ` + "`make wire`" + ` from the
recordings in harness/evidence/diagnose/testdata, which a test diagnoses again.

| scenario | RSTs | who: right | open | wrong | why: right | open, and named | wrong or not named | what was seen |
|---|---:|---:|---:|---:|---:|---:|---:|---|
`

// TestBlind diagnoses the stored recordings of real runs blindly, and compares
// with what the kernel said: wrong with confidence is none of them.
func TestBlind(t *testing.T) {
	const store, printed = "testdata/recordings.json.gz", "../../../scenarios/WIRE.md"
	if *record != "" {
		keep(t, *record, store)
	}
	var trials []trial
	for _, r := range stored(t, store) {
		trials = append(trials, blind(r, whole)...)
	}
	for i := range trials {
		if who, why := trials[i].who(), trials[i].why(); who == wrong || why == wrong || why == missing {
			t.Errorf("who %s, why %s: %v", who, why, &trials[i])
		}
	}
	got := table(trials)
	if *record != "" {
		if err := os.WriteFile(printed, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(printed)
	if err != nil || string(want) != got {
		t.Errorf("%s is not what the recordings give (%v); make wire writes it", printed, err)
	}
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
