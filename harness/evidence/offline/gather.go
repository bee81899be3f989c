package offline

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/flows"
)

// A gathering gathers what inputs tell.
type gathering struct {
	options   Options
	report    *Report
	input     int        // the number of the one that is being read
	several   bool       // connections are judged when all inputs were read
	histories []*history // of several inputs
	passed    uint64     // connections for which there was no room among them
	groups    map[groupKey]*grouped
	ends      map[diagnose.End]*Ended
	lacks     map[diagnose.Lack]uint64
	servers   map[netip.AddrPort]*servedBy
	traits    []trait
	listed    []listed
	cards     int
}

// A groupKey is what connections have in common that were reset alike.
type groupKey struct {
	cause string
	part  diagnose.Part
	act   diagnose.Act
	sure  diagnose.Sureness
}

// A grouped is a group as it grows.
type grouped struct {
	Group
	listed, cards int
}

// A listed is a connection that is listed, with its group.
type listed struct {
	found Found
	group *grouped
}

func newGathering(o Options, several bool) *gathering {
	if o.Most <= 0 {
		o.Most = 1000
	}
	if o.Cards <= 0 {
		o.Cards = 20
	}
	return &gathering{
		options: o, several: several, report: &Report{Version: Version, Summary: []Group{}, Patterns: []Pattern{}, Ends: []Ended{}, Lacks: []Lacking{}},
		groups: map[groupKey]*grouped{}, ends: map[diagnose.End]*Ended{}, lacks: map[diagnose.Lack]uint64{},
		servers: map[netip.AddrPort]*servedBy{},
	}
}

// A history is a connection as one input, or several joined ones, show it.
type history struct {
	inputs         []int
	client, server netip.AddrPort
	nat            string // the ends behind a NAT
	numbers        [2]uint32
	numbered       bool
	begun, reset   time.Time // the first segment, the first RST
	ended          time.Time // the last segment
	resets         int
	guessed        bool
	reused         bool
	oneWay         bool
	sent           Sent
	data           uint64 // segments with payload
	silence        time.Duration
	alone          bool
	bore           time.Duration
	end            diagnose.End
	forced         bool
	events         []evidence.Event
}

// add takes a connection that the tracker hands over.
func (g *gathering) add(f *flows.Flow) {
	if g.options.Only != nil && !g.options.Only(endText(f.Client()), endText(f.Server())) {
		return
	}
	resets, _ := f.Resets()
	if !g.several && resets == 0 && f.Told() == 0 { // the most frequent by far: nothing is made of it
		g.serve(f.Server(), f.Bore(), false)
		g.tally(f.Guessed, f.OneWay(), f.Lost() > 0, f.Forced(), endOf(f))
		return
	}
	h := g.history(f)
	const most = 20_000 // of about 5 kB
	switch {
	case !g.several:
		g.judge(h)
	case len(g.histories) < most:
		g.histories = append(g.histories, h)
	default:
		g.passed++
		g.judge(h)
	}
}

// history makes a history of a connection.
func (g *gathering) history(f *flows.Flow) *history {
	h := &history{inputs: []int{g.input}, client: f.Client(), server: f.Server(), begun: f.First(), ended: f.Last(),
		guessed: f.Guessed, reused: f.Reused, oneWay: f.OneWay(), end: endOf(f), forced: f.Forced(), events: f.Events()}
	h.resets, h.reset = f.Resets()
	h.numbers[0], h.numbers[1], h.numbered = f.Numbers()
	h.silence, h.alone = f.Silence()
	h.bore = f.Bore()
	client, server := f.Sent()
	h.data = client.Data + server.Data
	h.sent = Sent{ClientBytes: client.Bytes, ServerBytes: server.Bytes, ClientAgain: client.Again, ServerAgain: server.Again,
		LostCaptured: uint64(f.Lost())}
	return h
}

// endOf says how a connection without a RST ended.
func endOf(f *flows.Flow) diagnose.End {
	client, server := f.Finished()
	first, second := f.Sent()
	switch {
	case client && server:
		return diagnose.EndFinished
	case first.Data+second.Data == 0 && f.OneWay() && !f.Guessed:
		return diagnose.EndUnanswered
	case f.Unheard() >= 2:
		return diagnose.EndTimedOut
	case client || server:
		return diagnose.EndHalfClosed
	}
	return diagnose.EndOpen
}

// tally counts a connection, with a RST or not.
func (g *gathering) tally(middle, oneWay, lost, forced bool, end diagnose.End) {
	c := &g.report.Connections
	c.All++
	if middle {
		c.Middle++
		g.lacks[diagnose.LacksBegin]++
	}
	if oneWay && end != diagnose.EndUnanswered && end != diagnose.EndUnreachable {
		c.OneWay++
	}
	if lost {
		g.lacks[diagnose.LacksSegments]++
	}
	if end == diagnose.EndReset {
		c.Reset++
		return
	}
	if g.ends[end] == nil {
		g.ends[end] = &Ended{End: end}
	}
	g.ends[end].Count++
	if forced {
		g.ends[end].Early++
	}
}

// judge asks the engine about a connection and enters the answer.
func (g *gathering) judge(h *history) {
	g.serve(h.server, h.bore, h.resets > 0)
	if h.resets == 0 {
		g.tally(h.guessed, h.oneWay, h.sent.LostCaptured > 0, h.forced, g.silent(h))
		return
	}
	g.tally(h.guessed, h.oneWay, h.sent.LostCaptured > 0, h.forced, diagnose.EndReset)
	found := h.diagnose()
	d := &found[0]
	group := g.group(d)
	g.trait(h, d)
	if len(g.listed) >= g.options.Most && group.listed >= 3 {
		g.report.Unlisted++
		return
	}
	group.listed++
	one := h.found(d)
	if g.cards < g.options.Cards || group.cards < 1 {
		g.cards++
		group.cards++
		one.Recording = h.recording(found)
	}
	g.listed = append(g.listed, listed{one, group})
}

// found makes what a report says of one connection.
func (h *history) found(d *diagnose.Diagnosis) Found {
	one := Found{Client: endText(h.client), Server: endText(h.server), NAT: h.nat, Inputs: h.inputs, Began: h.begun,
		Resets: h.resets, Sent: h.sent, Guessed: h.guessed, Diagnosis: inWords(d)}
	if h.resets > 0 {
		one.Reset = h.reset
	}
	return one
}

// silent says how a connection without a RST ended, and lists it if ICMP says so.
func (g *gathering) silent(h *history) diagnose.End {
	if !slices.ContainsFunc(h.events, func(e evidence.Event) bool { return e.ICMP != nil }) {
		return h.end
	}
	found := h.diagnose()
	if found[0].End != diagnose.EndUnreachable {
		return h.end
	}
	if len(g.report.Unreachable) < g.options.Most {
		one := h.found(&found[0])
		if len(g.report.Unreachable) < g.options.Cards {
			one.Recording = h.recording(found)
		}
		g.report.Unreachable = append(g.report.Unreachable, one)
	}
	return diagnose.EndUnreachable
}

// group enters a diagnosis into the summary.
func (g *gathering) group(d *diagnose.Diagnosis) *grouped {
	key := groupKey{part: d.Part, act: d.Act, sure: d.Sure}
	if len(d.Causes) > 0 {
		key.cause = d.Causes[0]
	}
	group := g.groups[key]
	if group == nil {
		group = &grouped{Group: Group{Causes: d.Causes, Part: d.Part, Act: d.Act, Sure: d.Sure, Harm: map[diagnose.HarmLevel]int{}}}
		g.groups[key] = group
	}
	group.Count++
	group.Harm[d.Harm.Level]++
	return group
}

// finish makes the report of what was gathered.
func (g *gathering) finish() *Report {
	r := g.report
	histories, both := joined(g.histories, r.Inputs)
	for _, h := range histories {
		g.judge(h)
	}
	r.Connections.Both = both
	slices.SortStableFunc(g.listed, func(a, b listed) int { return a.found.Reset.Compare(b.found.Reset) })
	r.Found = make([]Found, len(g.listed))
	const examples = 5
	for i, l := range g.listed {
		l.found.Number = i + 1
		r.Found[i] = l.found
		if len(l.group.Numbers) < examples {
			l.group.Numbers = append(l.group.Numbers, i+1)
		}
	}
	slices.SortStableFunc(r.Unreachable, func(a, b Found) int { return a.Began.Compare(b.Began) })
	for i := range r.Unreachable {
		r.Unreachable[i].Number = len(r.Found) + i + 1
	}
	for _, group := range g.groups {
		r.Summary = append(r.Summary, group.Group)
	}
	slices.SortFunc(r.Summary, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), slices.Compare(a.Numbers, b.Numbers))
	})
	for _, end := range g.ends {
		r.Ends = append(r.Ends, *end)
	}
	slices.SortFunc(r.Ends, func(a, b Ended) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.End, b.End)) })
	for lack, count := range g.lacks {
		r.Lacks = append(r.Lacks, Lacking{lack, count})
	}
	slices.SortFunc(r.Lacks, func(a, b Lacking) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Lack, b.Lack)) })
	r.Patterns = append(r.Patterns, patterns(g.traits, g.servers, r.Connections)...)
	r.Causes = causeTexts(r)
	return r
}
