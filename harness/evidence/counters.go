package evidence

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// watched are the counters that tell of resets and of what leads to them
// (Documentation/networking/snmp_counter.rst).
var watched = []string{
	"OutRsts", "EstabResets", "AttemptFails",
	"TCPAbortOnClose", "TCPAbortOnData", "TCPAbortOnLinger", "TCPAbortOnTimeout",
	"TCPAbortOnMemory", "TCPAbortFailed",
	"ListenOverflows", "ListenDrops", "EmbryonicRsts",
	"TCPChallengeACK", "TCPSYNChallenge", "TCPTimeWaitOverflow", "TCPKeepAlive",
	"PAWSActive", "SyncookiesFailed", "TCPMD5NotFound",
}

// CounterNames returns the counters that a recording watches.
func CounterNames() []string { return slices.Clone(watched) }

// parseCounters reads the Tcp and TcpExt lines of /proc/net/snmp or
// /proc/net/netstat: one with the names and one with the values.
func parseCounters(text string, counters map[string]int64) error {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
		if len(names) == 0 || names[0] != "Tcp:" && names[0] != "TcpExt:" {
			continue
		}
		if len(values) != len(names) || values[0] != names[0] {
			return fmt.Errorf("counters: the lines of %s do not fit together", names[0])
		}
		for j, name := range names[1:] {
			if !slices.Contains(watched, name) {
				continue
			}
			value, err := strconv.ParseInt(values[j+1], 10, 64)
			if err != nil {
				return fmt.Errorf("counters: %s: %w", name, err)
			}
			counters[name] = value
		}
	}
	return nil
}

// moved returns the watched counters that have moved.
func moved(before, after map[string]int64, noisy bool) []CounterDelta {
	var deltas []CounterDelta
	for _, name := range watched {
		if by := after[name] - before[name]; by != 0 {
			deltas = append(deltas, CounterDelta{Name: name, By: by, Noisy: noisy})
		}
	}
	return deltas
}
