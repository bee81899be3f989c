package audit_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
)

func TestWhatABadClientCouldHaveKnown(t *testing.T) {
	brief := audit.Limits{Time: time.Second, Quiet: 500 * time.Millisecond, Late: time.Hour}
	long := audit.Limits{Late: time.Hour}
	for _, c := range []struct {
		name   string
		client planted
		cell   string
		limits audit.Limits
		knows  string // empty: nothing is said
		reason string
	}{
		{"nothing bad", planted{exchange: ask}, "P7/rst/once/write", long, "", ""},
		{"a repeat", planted{exchange: ask, attempts: 2}, "P7/rst/once/write", long,
			"20 bytes of attempt 1 had left it, and a RST told it nothing of what was executed; it sent the same again", "executed 2 times"},
		{"a repeat behind part of the reply", planted{exchange: ask, attempts: 2}, "P10/fin/once/write", long,
			"36 bytes of the reply to attempt 1 had come, so it had been executed; it sent the same again", ""},
		{"part of the reply", planted{exchange: askCarelessly}, "P10/rst/once/read", long,
			"the connection did not end behind byte 36 of the data, a RST broke it: a read says so", ""},
		{"part of the reply by a FIN", planted{exchange: askCarelessly}, "P10/fin/once/read", long,
			"by the protocol more was to come behind byte 36 of the data, where a FIN ended it", ""},
		{"part of it somewhere", planted{exchange: askCarelessly}, "client@5/fin/once/read", long,
			"whether the protocol says that more was to come, the audit does not know", ""},
		{"a hang", planted{exchange: ask, translate: hang}, "P7/rst/once/write", brief,
			"a RST had ended its connection while it waited", ""},
		{"a loss", planted{exchange: tell}, "P1/fin/once/write", long, "no byte had come back: a write that succeeds", ""},
		{"a storm", planted{exchange: ask, attempts: 1 << 30}, "P1/rst/always/write", long, "had ended the same way", ""},
		{"a pool", planted{exchange: ask, keep: true}, "P11/rst/once/write", long, "",
			"the next call, with nothing in its way, went into a connection that had ended before, and that the client had kept"},
		{"a pool that is told nothing", planted{exchange: tell, keep: true}, "server@3/fin/once/write", long, "no byte had come back",
			"the next call, with nothing in its way, opened no connection, and nothing of it passed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := subject(t, func() audit.Client { client := c.client; return &client })
			s.Pooled = c.client.keep // what it keeps has ended before the next call
			cell, err := point.ParseCell(c.cell)
			if err != nil {
				t.Fatal(err)
			}
			report, err := audit.Run(t.Context(), s, audit.Options{Cells: []point.Cell{cell}, Limits: c.limits})
			if err != nil {
				t.Fatal(err)
			}
			got := report.Cells[0]
			if !strings.Contains(got.Known, c.knows) || c.knows == "" && got.Known != "" {
				t.Errorf("%s: it could have known: %q, want %q", got.Verdict, got.Known, c.knows)
			}
			if !strings.Contains(got.Verdict.Reason, c.reason) {
				t.Errorf("%s: %q, want %q in it", got.Verdict, got.Verdict.Reason, c.reason)
			}
		})
	}
}

// TestAPoisonedClientWithAConnectionOfItsOwn: it is not its pool that is wrong.
func TestAPoisonedClientWithAConnectionOfItsOwn(t *testing.T) {
	calls := 0
	broken := errors.New("circuit open")
	exchange := func(conn net.Conn, request string) (string, error) {
		if calls++; calls > 1 {
			return "", broken
		}
		return ask(conn, request)
	}
	s := subject(t, func() audit.Client { return &planted{exchange: exchange} })
	cell := point.Cell{Place: "P7", Fault: point.RST, Repeat: point.Once, Operation: point.Write}
	report, err := audit.Run(t.Context(), s, audit.Options{Cells: []point.Cell{cell}})
	if err != nil {
		t.Fatal(err)
	}
	got := report.Cells[0]
	if want := "failed on a connection of its own (connection 2)"; !strings.Contains(got.Verdict.Reason, want) {
		t.Errorf("%s: %q, want %q in it", got.Verdict, got.Verdict.Reason, want)
	}
	if !strings.HasPrefix(got.Said(), "ask: read tcp ") || !strings.HasSuffix(got.Said(), "connection reset by peer") {
		t.Errorf("it said %q", got.Said())
	}
}
