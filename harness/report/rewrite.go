package report

import (
	"regexp"
	"slices"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// masked returns a copy of a recording in which ports and process ids, which
// differ from run to run, are stars.
func masked(r *evidence.Recording) *evidence.Recording {
	ports := regexp.MustCompile(`(\d|\]):\d{1,5}\b`)
	pids := regexp.MustCompile(`([A-Za-z_.]\w*)-\d+\b`)
	out := rewrite(r, func(s string) string { return ports.ReplaceAllString(s, "$1:*") })
	for i := range out.Resets {
		v := &out.Resets[i]
		v.By, v.Clue = pids.ReplaceAllString(v.By, "$1-*"), pids.ReplaceAllString(v.Clue, "$1-*")
	}
	return out
}

// rewrite returns a copy of a recording with every string put through f. The
// captured bytes are shared.
func rewrite(r *evidence.Recording, f func(string) string) *evidence.Recording {
	out := *r
	out.Scenario, out.Spec = f(r.Scenario), f(r.Spec)
	out.System, out.Level = f(r.System), evidence.Level(f(string(r.Level)))
	out.Missing = each(r.Missing, func(m *evidence.MissingLane) {
		m.Lane, m.Why = evidence.Lane(f(string(m.Lane))), f(m.Why)
	})
	out.Gaps = each(r.Gaps, func(g *evidence.Gap) { g.Lane, g.Why = evidence.Lane(f(string(g.Lane))), f(g.Why) })
	out.Hosts = each(r.Hosts, func(h *evidence.Host) { h.Name, h.IP = f(h.Name), f(h.IP) })
	out.Flows = each(r.Flows, func(flow *evidence.Flow) {
		flow.Client, flow.ClientHost = f(flow.Client), f(flow.ClientHost)
		flow.Server, flow.ServerHost, flow.NAT = f(flow.Server), f(flow.ServerHost), f(flow.NAT)
	})
	out.Events = each(r.Events, func(e *evidence.Event) { rewriteEvent(e, f) })
	out.Resets = each(r.Resets, func(v *evidence.Reset) {
		v.Sender, v.Level = evidence.Sender(f(string(v.Sender))), evidence.Level(f(string(v.Level)))
		v.Host, v.By, v.Reason, v.Why, v.Clue = f(v.Host), f(v.By), f(v.Reason), f(v.Why), f(v.Clue)
		v.Origin = each(v.Origin, func(host *string) { *host = f(*host) })
		v.Lost = each(v.Lost, func(l *evidence.Loss) { l.From = f(l.From) })
	})
	out.Counters = each(r.Counters, func(c *evidence.CounterDelta) { c.Host, c.Name = f(c.Host), f(c.Name) })
	out.Outcomes = each(r.Outcomes, func(o *tcp.Outcome) {
		o.Host, o.Local, o.Remote = f(o.Host), f(o.Local), f(o.Remote)
		o.Op, o.Ending, o.Error = tcp.Op(f(string(o.Op))), tcp.Ending(f(string(o.Ending))), f(o.Error)
		o.Calls = each(o.Calls, func(c *tcp.Call) { rewriteCall(c, f) })
	})
	return &out
}

func rewriteEvent(e *evidence.Event, f func(string) string) {
	e.Host = f(e.Host)
	e.Call, e.Packet, e.State, e.Trace = copied(e.Call), copied(e.Packet), copied(e.State), copied(e.Trace)
	e.Figures, e.Line, e.Exit = copied(e.Figures), copied(e.Line), copied(e.Exit)
	if e.Line != nil {
		e.Line.Program, e.Line.Text = f(e.Line.Program), f(e.Line.Text)
	}
	if e.Exit != nil {
		e.Exit.Program, e.Exit.Signal, e.Exit.Error = f(e.Exit.Program), f(e.Exit.Signal), f(e.Exit.Error)
	}
	if e.Call != nil {
		rewriteCall(&e.Call.Call, f)
	}
	if e.Packet != nil {
		e.Packet.To, e.Packet.Flags = f(e.Packet.To), f(e.Packet.Flags)
		e.Packet.Path = each(e.Packet.Path, func(s *evidence.Sighting) { s.Host = f(s.Host) })
	}
	if e.State != nil {
		e.State.From, e.State.To = tcp.State(f(string(e.State.From))), tcp.State(f(string(e.State.To)))
	}
	if e.Trace != nil {
		e.Trace.Name, e.Trace.Reason, e.Trace.Process = f(e.Trace.Name), f(e.Trace.Reason), f(e.Trace.Process)
	}
}

func rewriteCall(c *tcp.Call, f func(string) string) {
	c.Op, c.Ending, c.Error = tcp.Op(f(string(c.Op))), tcp.Ending(f(string(c.Ending))), f(c.Error)
}

// each returns a copy of s with f applied to every element.
func each[T any](s []T, f func(*T)) []T {
	s = slices.Clone(s)
	for i := range s {
		f(&s[i])
	}
	return s
}

// copied returns a pointer to a copy of *p, nil for nil.
func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}
