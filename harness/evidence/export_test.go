package evidence

import "time"

// Judge finds the verdicts of a recording anew.
func Judge(r *Recording) {
	r.Resets = nil
	r.judge()
}

// A Trace is what ParseTrace reads from a line.
type Trace struct {
	At               time.Time
	Task, Name       string
	Local, Remote    string
	From, To, Reason string
	Passive          bool
}

// ParseTrace reads a line of a trace.
func ParseTrace(line string, ahead time.Duration) (Trace, error) {
	t, err := parseTrace(line, ahead)
	return Trace{time.Unix(0, int64(t.at)), t.task, t.name, t.local.String(), t.remote.String(), t.from,
		t.to, t.reason, t.passive}, err
}

// LostTraces reads a line that says that events were lost.
var LostTraces = lostTraces

// ParseCounters reads the lines of /proc/net/snmp or netstat.
func ParseCounters(text string) (map[string]int64, error) {
	counters := map[string]int64{}
	return counters, parseCounters(text, counters)
}

// MaxStored bounds a stored recording.
const MaxStored = maxStored
