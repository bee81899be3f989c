package diagnose

import (
	"cmp"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
)

// Recording judges every RST of a recording, in the order of its events; those
// that calls alone tell of come last. What
// a verdict calls the number of a fact is the index of an event. The verdicts
// that the recording has already, and its level, play no part.
func Recording(r *evidence.Recording) []Verdict {
	var verdicts []Verdict
	for _, c := range connectionsOf(r) {
		verdicts = append(verdicts, c.Verdicts()...)
	}
	slices.SortStableFunc(verdicts, inOrder)
	tellLossesOnce(r, verdicts)
	return verdicts
}

// A Judged is what the engine says of a connection of a recording.
type Judged struct {
	// Verdicts are on its RSTs, as [Recording] has them. If it sent none and a
	// kernel noted what ended it from elsewhere there is one, on that: see
	// [Connection.Suffered].
	Verdicts []Verdict
	// Harm is what it cost the end whose kernel noted its end first, as
	// [Connection.Cost] says; its level is unknown where none did.
	Harm Harm
}

// Judge judges each connection of a recording, in the order of its flows.
func Judge(r *evidence.Recording) []Judged {
	var all []Judged
	for i, c := range connectionsOf(r) {
		one := Judged{Verdicts: c.Verdicts(), Harm: Harm{Level: HarmUnknown}}
		if v, ok := c.Suffered(); ok && len(one.Verdicts) == 0 {
			one.Verdicts = append(one.Verdicts, v)
		}
		if at := slices.IndexFunc(r.Events, func(e evidence.Event) bool { return e.Flow == i && e.Trace != nil }); at >= 0 {
			one.Harm = c.Cost(r.Events[at].Host)
		}
		all = append(all, one)
	}
	return all
}

// connectionsOf gives the connections of a recording all its facts.
func connectionsOf(r *evidence.Recording) []*Connection {
	around := &Surroundings{
		Hosts: r.Hosts, Missing: r.Missing, Gaps: r.Gaps, Counters: r.Counters,
		LostPackets: r.LostPackets, LostEvents: r.LostEvents,
	}
	connections := make([]*Connection, len(r.Flows))
	begun := make([]time.Duration, len(r.Flows))
	for i, flow := range r.Flows {
		connections[i] = New(flow, around)
		connections[i].Number = i
		connections[i].Reused = slices.ContainsFunc(r.Flows[:i], func(f evidence.Flow) bool {
			return f.Client == flow.Client && f.Server == flow.Server
		})
	}
	for i := range r.Events {
		e := &r.Events[i]
		if e.Flow < 0 {
			around.count(e, e.Host)
			continue
		}
		connections[e.Flow].Add(i, e)
	}
	for i := range connections {
		begun[i] = connections[i].begun()
		for _, o := range r.Outcomes {
			connections[i].AddOutcome(o)
		}
	}
	pair(r, connections, begun)
	return connections
}

// inOrder compares verdicts by where they stand. Those that rest on calls alone
// come behind the others, and one connection behind the other: where a RST was
// among the calls is not known.
func inOrder(a, b Verdict) int {
	calls := func(v Verdict) int {
		if v.Level == evidence.AppOnly {
			return 1
		}
		return 0
	}
	if calls(a)+calls(b) == 2 {
		return cmp.Compare(a.Flow, b.Flow)
	}
	return cmp.Or(cmp.Compare(calls(a), calls(b)), cmp.Compare(a.At, b.At))
}

// tellLossesOnce leaves what a connection lost with the first verdict on it. The
// two sides of a NAT are one connection.
func tellLossesOnce(r *evidence.Recording, verdicts []Verdict) {
	told := map[int]bool{}
	for i := range verdicts {
		connection := verdicts[i].Flow
		if r.Flows[connection].NAT != "" {
			connection = r.Flows[connection].Near
		}
		if told[connection] {
			verdicts[i].Lost = nil
		}
		told[connection] = true
	}
}

// begun returns when the connection's first segment or, without one, first fact
// was.
func (c *Connection) begun() time.Duration {
	for _, f := range c.facts {
		if f.Packet != nil {
			return f.At
		}
	}
	if len(c.facts) > 0 {
		return c.facts[0].At
	}
	return 0
}

// pair joins the two sides of each NAT, and of a proxy as far as it is certain:
// a proxy dials after its client has come, so a connection from it belongs to
// the one connection to it that is older and has no partner yet.
func pair(r *evidence.Recording, connections []*Connection, begun []time.Duration) {
	for i, f := range r.Flows {
		if f.NAT != "" {
			join(connections[i], connections[f.Near])
		}
	}
	proxy := func(name string) bool {
		return slices.ContainsFunc(r.Hosts, func(h evidence.Host) bool { return h.Name == name && h.Proxy })
	}
	for from, f := range r.Flows {
		if !proxy(f.ClientHost) {
			continue
		}
		partner, several := -1, false
		for to, g := range r.Flows {
			if connections[to].other != nil || g.ServerHost != f.ClientHost || begun[to] > begun[from] {
				continue
			}
			several = several || partner >= 0
			partner = to
		}
		if partner >= 0 && !several {
			join(connections[from], connections[partner])
		}
	}
}
