package render

import (
	"fmt"
	"time"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// traces lists what the clients' system calls tell, and the calls if wanted.
func (m *matrix) traces() {
	first := true
	for _, c := range m.report.Cells {
		if c.Trace == nil {
			continue
		}
		if first {
			m.line("")
			m.line("What the client's system calls tell:")
			first = false
		}
		m.wrap(plain(c.ID)+": "+traceSays(c.Trace), "    ", "")
		if !m.style.Said {
			continue
		}
		for _, line := range traceLines(c.Trace) {
			m.line("%s", m.fit("      "+line, m.width))
		}
	}
}

// traceSays is the sentence of a trace, and whether it holds for the cell.
func traceSays(t *verdict.Trace) string {
	if t.Otherwise == nil {
		return plain(t.Says)
	}
	return fmt.Sprintf("below strace it came out otherwise, and the verdict stays: %s: %s. Of that run: %s",
		t.Otherwise, plain(t.Otherwise.Reason), plain(t.Says))
}

// traceLines are the calls of a trace, one a line, by the time since the strike.
func traceLines(t *verdict.Trace) (lines []string) {
	for _, c := range t.Calls {
		line := fmt.Sprintf("%11s  %d  %s", offset(c.At), c.PID, plain(c.Text))
		if c.Took >= time.Millisecond {
			line += ", after " + lasted(c.Took)
		}
		lines = append(lines, line)
	}
	if t.Left > 0 {
		lines = append(lines, fmt.Sprintf("… and %s on the connection", counted(t.Left, "other call")))
	}
	return lines
}

// offset writes a time before or after the strike.
func offset(d time.Duration) string {
	if d < 0 {
		return "-" + lasted(-d)
	}
	return "+" + lasted(d)
}
