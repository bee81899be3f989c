package capture

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/resetlab/resetlab/harness/evidence"
)

// parseCounters reads the Tcp and TcpExt lines of /proc/net/snmp or
// /proc/net/netstat: one with the names and one with the values.
func parseCounters(text string, counters map[string]int64) error {
	watched := evidence.CounterNames()
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
