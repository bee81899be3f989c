package evidence

import (
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
)

// Judge finds the verdicts of a recording anew.
func Judge(r *Recording) {
	r.Resets = nil
	r.judge()
}

// A Trace is what ParseTrace reads from a line.
type Trace struct {
	At               time.Time
	Task, Name       string
	Process          int
	Local, Remote    string
	From, To, Reason string
	Passive          bool
}

// ParseTrace reads a line of a trace.
func ParseTrace(line string, ahead time.Duration) (Trace, error) {
	t, err := parseTrace(line, ahead)
	return Trace{time.Unix(0, int64(t.at)), t.task, t.name, t.process, t.local.String(), t.remote.String(), t.from,
		t.to, t.reason, t.passive}, err
}

// ParseMark reads a mark that came back.
func ParseMark(line string) (id uint64, at time.Time, ok bool) {
	id, when, ok := parseMark(line, 0)
	return id, time.Unix(0, int64(when)), ok
}

// LostTraces reads a line that says that events were lost.
var LostTraces = lostTraces

// MultipathReason returns the reason that a RST itself tells.
var MultipathReason = multipathReason

// NamedReasons reads the description of tcp_send_reset.
var NamedReasons = namedReasons

// ParseCounters reads the lines of /proc/net/snmp or netstat.
func ParseCounters(text string) (map[string]int64, error) {
	counters := map[string]int64{}
	return counters, parseCounters(text, counters)
}

// Join makes a recording of IP packets, captured a microsecond apart from start
// on, and of lines of a trace.
func Join(t *testing.T, start time.Time, packets [][]byte, lines ...string) *Recording {
	t.Helper()
	g := gathered{started: instantOf(start)}
	var captured []capturedSegment
	for i, data := range packets {
		captured = append(captured, capturedSegment{at: g.started + instant(i)*1000, data: data, length: len(data)})
	}
	g.segments = decode(captured)
	for _, line := range lines {
		trace, err := parseTrace(line, 0)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		g.traces = append(g.traces, trace)
	}
	g.endpoints = append(g.endpoints, lab.Endpoint{Host: "server", Address: g.segments[0].dst.String()})
	r := &Recording{Version: Version, Level: Observed}
	g.fill(r)
	r.judge()
	return r
}

// MaxStored bounds a stored recording.
const MaxStored = maxStored
