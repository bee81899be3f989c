package audit_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// gather keeps what each attempt got, as a program does whose output a caller
// collects while it tries again.
func gather() func(net.Conn, string) (string, error) {
	var all string
	return func(conn net.Conn, request string) (string, error) {
		line, err := ask(conn, request)
		all += line
		text := all
		if err == nil {
			all = ""
		}
		return text, err
	}
}

// TestNoOutcomeHidesAnother: what a client did to the server's data is said
// beside how it behaved.
func TestNoOutcomeHidesAnother(t *testing.T) {
	brief := audit.Limits{Time: 2 * time.Second, Quiet: time.Second, Late: time.Hour}
	for _, c := range []struct {
		name   string
		client planted
		cell   string
		limits audit.Limits
		want   string
		says   []string // in the reason
	}{
		{"a storm", planted{exchange: ask, attempts: 1 << 30}, "P7/rst/always/write", audit.Limits{Late: time.Hour},
			"DUPLICATED STORM", []string{"more than 20 attempts", "executed 2"}}, // 20 or 21 times
		{"a storm before the execution", planted{exchange: ask, attempts: 1 << 30}, "P1/rst/always/write",
			audit.Limits{Late: time.Hour}, "STORM", nil},
		{"no result", planted{exchange: ask, attempts: 3, translate: hang}, "P7/rst/always/write", brief,
			"DUPLICATED HUNG", []string{"executed 3 times", "no result within 2s"}},
		{"part of the reply", planted{exchange: askCarelessly, attempts: 2}, "P10/rst/2x/write", audit.Limits{Late: time.Hour},
			"TRUNCATED-OK", nil},
		{"two halves and a whole", planted{exchange: gather(), attempts: 3}, "P10/rst/2x/read", audit.Limits{Late: time.Hour},
			"CORRUPTED", []string{"data that the server did not send: ", "the whole reply behind "}},
		{"written twice, half and whole", planted{exchange: gather(), attempts: 3}, "P10/rst/once/write",
			audit.Limits{Late: time.Hour}, "DUPLICATED CORRUPTED", []string{"executed 2 times"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := subject(t, func() audit.Client { client := c.client; return &client })
			cell, err := point.ParseCell(c.cell)
			if err != nil {
				t.Fatal(err)
			}
			report, err := audit.Run(t.Context(), s, audit.Options{Cells: []point.Cell{cell}, Limits: c.limits})
			if err != nil {
				t.Fatal(err)
			}
			got := report.Cells[0].Verdict
			if got.String() != c.want {
				t.Errorf("%s, want %s: %s", got, c.want, got.Reason)
			}
			for _, text := range c.says {
				if !strings.Contains(got.Reason, text) {
					t.Errorf("the reason is %q, want %q in it", got.Reason, text)
				}
			}
		})
	}
}
