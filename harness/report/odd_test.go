package report_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/tcp"
)

// hostile returns a recording in which every text holds s.
func hostile(s string) *evidence.Recording {
	a, b := "a"+s, "b"+s
	call := tcp.Call{Op: tcp.Op(s), Ending: tcp.Ending(s), Error: s, Duration: 5, Bytes: -1}
	return &evidence.Recording{
		Version: 1, Scenario: s, System: s, Level: evidence.Level(s), Started: time.Unix(1, 0),
		Missing: []evidence.MissingLane{{Lane: evidence.Lane(s), Why: s}},
		Gaps:    []evidence.Gap{{Lane: evidence.Lane(s), Why: s}},
		Hosts:   []evidence.Host{{Name: a, IP: s}, {Name: b, IP: s}},
		Flows:   []evidence.Flow{{Client: s, Server: s, ClientHost: a, ServerHost: b}},
		Events: []evidence.Event{
			{Host: a, Call: &evidence.Call{Call: call}},
			{At: 9, Host: a, Packet: &evidence.Packet{To: b, Flags: "RST " + s, Data: []byte(s), Length: 1}},
			{At: 9, Host: b, State: &evidence.StateChange{From: tcp.State(s), To: tcp.State(s)}},
			{At: 9, Flow: -1, Host: b, Trace: &evidence.ResetTrace{Name: s, Reason: s, Process: s}},
		},
		Resets: []evidence.Reset{{
			Event: 1, Sender: evidence.Application, Host: s, By: s, Reason: s, Why: s, Level: evidence.Level(s), Clue: s,
			Lost: []evidence.Loss{{From: s, Written: 9, Delivered: 1}},
		}},
		Counters: []evidence.CounterDelta{{Host: s, Name: s, By: 1, Noisy: true}},
		Outcomes: []tcp.Outcome{{
			Host: a, Local: s, Remote: s, Op: tcp.Op(s), Ending: tcp.Ending(s), Error: s, Calls: []tcp.Call{call},
		}},
	}
}

// odd returns recordings that no run gives but a file may hold.
func odd(t testing.TB) map[string]*evidence.Recording {
	t.Helper()
	wild := load(t, "closing_with_unread_data")
	for i := range wild.Events {
		wild.Events[i].Flow = i - 3
		wild.Events[i].At = time.Duration(math.MaxInt64 / (i - 5 | 1))
	}
	wild.Resets[0].Event, wild.Resets[0].Cause, wild.Resets[0].Flow = 99, -7, 99
	wild.Resets[0].Lost = []evidence.Loss{{Written: math.MaxInt64, Delivered: math.MinInt64}, {Written: -1, Delivered: -5}}
	noWire := load(t, "abort")
	noWire.Missing = []evidence.MissingLane{{Lane: evidence.Wire, Why: "no CAP_NET_RAW"}}
	noWire.Events = dropPackets(noWire.Events)
	nothing := load(t, "abort")
	nothing.Events, nothing.Resets, nothing.Outcomes, nothing.Flows, nothing.Counters = nil, nil, nil, nil, nil
	alone := &evidence.Recording{
		Hosts:  []evidence.Host{{Name: "alone"}},
		Events: []evidence.Event{{Host: "alone", State: &evidence.StateChange{To: "CLOSE"}}, {}},
	}
	return map[string]*evidence.Recording{
		"empty":           {},
		"hosts only":      nothing,
		"no wire":         noWire,
		"wild indices":    wild,
		"one host":        alone,
		"event of naught": {Events: make([]evidence.Event, 3)},
		"many hosts":      crowd(),
		"10,000 events":   huge(10_000),
		"hostile":         hostile("<script>pwned=1</script>\"'`\x1b[31m&lt;--></textarea>"),
		"long strings":    hostile(strings.Repeat("界x ", 50_000)),
	}
}

func dropPackets(events []evidence.Event) []evidence.Event {
	var out []evidence.Event
	for _, e := range events {
		if e.Packet == nil {
			out = append(out, e)
		}
	}
	return out
}

func crowd() *evidence.Recording {
	r := &evidence.Recording{Scenario: "a crowd"}
	for i := range 40 {
		host, next := fmt.Sprint("host", i), fmt.Sprint("host", i+1)
		r.Hosts = append(r.Hosts, evidence.Host{Name: host})
		r.Flows = append(r.Flows, evidence.Flow{ClientHost: host, ServerHost: next})
		r.Events = append(r.Events, evidence.Event{Flow: i, Host: host, Packet: &evidence.Packet{To: next, Flags: "SYN"}})
	}
	return r
}

// huge returns a recording whose steps do not fold.
func huge(events int) *evidence.Recording {
	r := &evidence.Recording{Scenario: "huge", Hosts: []evidence.Host{{Name: "client"}, {Name: "server"}}}
	for i := range events {
		flow := i / 4
		if i%4 == 0 {
			r.Flows = append(r.Flows, evidence.Flow{ClientHost: "client", ServerHost: "server"})
		}
		flags := []string{"SYN", "ACK", "PSH ACK", "RST ACK"}[i%4]
		p := &evidence.Packet{To: "server", Flags: flags, Len: i % 3, Data: make([]byte, 40)}
		at := time.Duration(i) * time.Millisecond
		r.Events = append(r.Events, evidence.Event{At: at, Flow: flow, Host: "client", Packet: p})
		if p.RST() {
			r.Resets = append(r.Resets, evidence.Reset{Event: i, Flow: flow, Sender: evidence.Unknown})
		}
	}
	return r
}
