package evidence

import (
	"cmp"
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

// moved returns the counters that have moved, those of resets first.
func moved(before, after map[string]int64, noisy bool) []CounterDelta {
	var deltas []CounterDelta
	for name, value := range after {
		if by := value - before[name]; by != 0 {
			deltas = append(deltas, CounterDelta{Name: name, By: by, Noisy: noisy})
		}
	}
	slices.SortFunc(deltas, func(a, b CounterDelta) int {
		return cmp.Compare(slices.Index(watched, a.Name), slices.Index(watched, b.Name))
	})
	return deltas
}
