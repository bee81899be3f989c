package capture

import "time"

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
	return Trace{t.At, t.task, t.Name, t.process, t.Local.String(), t.Remote.String(), string(t.From),
		string(t.To), t.Reason, t.Passive}, err
}

// ParseMark reads a mark that came back.
func ParseMark(line string) (id uint64, at time.Time, ok bool) {
	id, when, ok := parseMark([]byte(line), 0)
	return id, when.time(), ok
}

// LostTraces reads a line that says that events were lost.
func LostTraces(line string) uint64 { return lostTraces([]byte(line)) }

// NamedReasons reads the description of tcp_send_reset.
var NamedReasons = namedReasons

// ParseCounters reads the lines of /proc/net/snmp or netstat.
func ParseCounters(text string) (map[string]int64, error) {
	counters := map[string]int64{}
	return counters, parseCounters(text, counters)
}
