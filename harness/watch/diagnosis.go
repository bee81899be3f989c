package watch

import (
	"fmt"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A Diagnosis is what an event means.
type Diagnosis struct {
	Event
	// Peer is the other end of the same RST, where that is on this machine, too:
	// Event is then the one that sent it.
	Peer *Event `json:"peer,omitempty"`
	// Behind is a RST that the same process received just before on another
	// connection: a proxy seems to have passed it on.
	Behind *Event `json:"behind,omitempty"`
	// Cause is the name of a cause of package causes, "" if none is known; Or are
	// others that look the same from here.
	Cause string   `json:"cause,omitempty"`
	Or    []string `json:"or,omitempty"`
	Why   string   `json:"why"`             // in words
	Clue  string   `json:"clue,omitempty"`  // what decided it
	Cure  string   `json:"cure,omitempty"`  // of Cause
	Shown string   `json:"shown,omitempty"` // the scenario that shows Cause
	// Settle says what would decide what is open; "" if nothing is.
	Settle string             `json:"settle,omitempty"`
	Harm   diagnose.HarmLevel `json:"harm"` // whether the end of Event lost something
	Lost   string             `json:"lost"` // what, in words
	// Level is what the cause rests on: observed if the kernel told it.
	Level evidence.Level `json:"level"`

	lost uint64 // how many events the source had lost by then
}

// Sure says whether the cause is certain: nothing else looks the same. What only a
// counter tells never is.
func (d *Diagnosis) Sure() bool { return d.Cause != "" && len(d.Or) == 0 && d.Counter == "" }

// The two ends, by the names that the engine gets.
const here, there = "this end", "the other end"

// Diagnose asks the engine about the event. lost is how many events the source
// had lost by then.
func (e Event) Diagnose(lost uint64) Diagnosis {
	if e.Counter != "" {
		return diagnoseCount(e)
	}
	d := Diagnosis{Event: e, lost: lost}
	around := &diagnose.Surroundings{
		Hosts:   []evidence.Host{{Name: here, IP: e.Local.Addr().String()}, {Name: there, IP: e.Remote.Addr().String()}},
		Missing: []evidence.MissingLane{{Lane: evidence.Wire}, {Lane: evidence.Counters}}, LostEvents: lost,
	}
	c := diagnose.New(e.flow(here, there), around)
	for number, fact := range e.facts(here, there, e.Time) {
		c.Add(number, &fact)
	}
	if e.Kind == Sent {
		for _, v := range c.Verdicts() {
			d.take(v)
		}
		if e.Reason == "" && d.Level == evidence.Observed {
			d.Level = evidence.Inferred // the kernel told of the RST, and not why
		}
	} else if v, ok := c.Suffered(); ok {
		d.take(v)
	}
	if d.Cause == "destroyed" && e.Kind == Sent && e.AtHand.PID != 0 {
		d.Why += "; " + e.AtHand.String() + " did"
	}
	harm := c.Cost(here)
	d.Harm, d.Lost = harm.Level, harm.Why
	return d
}

// take takes a verdict over.
func (d *Diagnosis) take(v diagnose.Verdict) {
	d.Why, d.Clue, d.Settle, d.Level = v.Why, v.Clue, v.Settle, v.Level
	if len(v.Causes) == 0 {
		return
	}
	d.Cause, d.Or = v.Causes[0], v.Causes[1:]
	if cause, found := causes.Find(d.Cause); found {
		d.Cure, d.Shown = cause.Cure, cause.Scenario
	}
}

// flow says which end is the client, as far as the owner tells. near is the name
// of this end, far that of the other.
func (e *Event) flow(near, far string) evidence.Flow {
	f := evidence.Flow{Client: e.Local.String(), Server: e.Remote.String()}
	switch e.Role() {
	case Client:
		f.ClientHost, f.ServerHost = near, far
	case Server:
		f.Client, f.Server = f.Server, f.Client
		f.ClientHost, f.ServerHost = far, near
	}
	return f
}

// facts are the event in the engine's words, on the time line that begins at
// start.
func (e *Event) facts(near, far string, start time.Time) []evidence.Event {
	at := e.since(start)
	var facts []evidence.Event
	add := func(fact evidence.Event) {
		fact.At = at
		if fact.Host == "" {
			fact.Host = near
		}
		facts = append(facts, fact)
	}
	if s := e.Answered; s != nil {
		add(evidence.Event{Host: far, Packet: &evidence.Packet{
			To: near, Flags: s.Flags, Len: s.Len, Window: s.Window, TTL: s.TTL, IPID: s.IPID,
			Unknown: evidence.FieldSeq | evidence.FieldAck | evidence.FieldOptions,
		}})
	}
	add(evidence.Event{Figures: &evidence.Figures{
		Unread: e.Unread, Unacked: e.Unacked, Unsent: e.Unsent, LingerZero: e.LingerZero, Whole: e.Whole, State: e.Was,
		StillOpen: e.StillOpen, Orphan: e.Orphan, Unaccepted: e.Unaccepted, Sent: e.BytesSent, Received: e.BytesReceived,
		Idle: e.Idle, Age: e.Age, Queue: e.Queue, QueueMost: e.QueueMost,
	}})
	if op := e.op(); op != "" {
		add(evidence.Event{Call: &evidence.Call{Call: tcp.Call{Op: op, Ending: tcp.Open}}})
	}
	trace := &evidence.ResetTrace{Reason: string(e.Reason), Process: e.AtHand.String(), Passive: e.Passive, Error: e.Error}
	switch e.Kind {
	case Sent:
		trace.Name = evidence.ResetSent
	case Received:
		trace.Name = evidence.ResetReceived
	case Failed:
		trace.Name = evidence.ErrorReported
	}
	if e.Acts() {
		trace.AtHand = &evidence.AtHand{Call: e.Call, Dying: e.Dying, Signal: e.Signal, OOM: e.OOM}
	}
	add(evidence.Event{Trace: trace})
	return facts
}

// Acts says whether the process at hand ended the connection itself. What
// answers a segment, and what a timer does, runs in anybody's time.
func (e *Event) Acts() bool {
	return e.Kind == Sent && !e.Passive && !e.StillOpen && e.AtHand.PID != 0
}

// op is the call by which the process at hand ended the connection.
func (e *Event) op() tcp.Op {
	switch {
	case !e.Acts():
		return ""
	case e.Call == "connect":
		return tcp.Disconnect
	case e.Unaccepted:
		return "" // the call was the listener's
	}
	return tcp.Close
}

// A Role is which end of its connection an event is about.
type Role string

// The roles.
const (
	UnknownRole Role = ""
	Client      Role = "client" // it connected
	Server      Role = "server" // it accepted
)

// Role says which end it is, as far as that is known.
func (e *Event) Role() Role {
	switch {
	case e.role != "":
		return e.role
	case e.Was == tcp.StateSynSent || e.Owner.How == Connected:
		return Client
	case e.Was == tcp.StateListen || e.Was == tcp.StateSynReceived || e.Unaccepted || e.Owner.How == Listened:
		return Server
	case e.Answered != nil && e.Answered.Flags == "SYN":
		return Server
	}
	return UnknownRole
}

// String tells the event in a line.
func (e *Event) String() string {
	arrow := map[Kind]string{Sent: "→", Received: "←", Failed: "—"}[e.Kind]
	parts := []string{string(e.Kind), e.Owner.String(), fmt.Sprintf("%v %s %v", e.Local, arrow, e.Remote)}
	for _, part := range []string{string(e.Reason), e.Error} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if e.Was != "" {
		parts = append(parts, "in "+string(e.Was))
	}
	return strings.Join(parts, " ")
}
