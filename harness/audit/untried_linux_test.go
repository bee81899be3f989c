package audit_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// TestReportsSayWhatWasNotTried: "0 bad" is said of what was tried.
func TestReportsSayWhatWasNotTried(t *testing.T) {
	server := startCounting(t)
	for _, c := range []struct {
		name     string
		protocol point.Protocol
		pooled   bool
		options  audit.Options
		want     []string
	}{
		{"bytes", protocols.Bytes(), false, audit.Options{},
			[]string{"any byte behind the first", "the faults unread, fin-rst, stall, stall-rst", "connections that the client keeps"}},
		{"bytes, kept", protocols.Bytes(), true, audit.Options{Faults: []point.Fault{point.RST}}, []string{"any byte behind the first"}},
		{"lines", protocols.Lines(), false, audit.Options{},
			[]string{"the faults read-rst, unread, fin-rst, stall, stall-rst", "a RST together with the data", "connections that"}},
		{"all faults", protocols.Lines(), true, audit.Options{Faults: point.Faults(), Repeats: []point.Repeat{point.Once}},
			[]string{"a RST together with the data before it, apart from one after they were read: data-rst needs a client that can be stopped"}},
		{"a pattern", protocols.Lines(), false, audit.Options{Only: []string{"P1/*/*/*"}}, nil},
		{"a cell", protocols.Bytes(), false, audit.Options{Cells: []point.Cell{{Place: "P1", Fault: point.RST, Repeat: point.Once, Operation: point.Read}}}, nil},
	} {
		s := audit.Subject{Name: c.name, Protocol: c.protocol, Origin: server.upstream(), Open: careful, Pooled: c.pooled}
		c.options.Limits.Time = 300_000_000 // stalls last as long
		report, err := audit.Run(t.Context(), s, c.options)
		if err != nil {
			t.Fatal(err)
		}
		if len(report.Untried) != len(c.want) {
			t.Errorf("%s: not tried: %q, want %q", c.name, report.Untried, c.want)
			continue
		}
		for i, want := range c.want {
			if !strings.HasPrefix(report.Untried[i], want) {
				t.Errorf("%s: not tried: %q, want %q", c.name, report.Untried, c.want)
			}
		}
	}
}
