package cards_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/cards"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/subjects"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
)

// TestCards: each cell tells its own story, whatever ran beside it.
func TestCards(t *testing.T) {
	lanes := capture.Open()
	t.Cleanup(func() {
		if err := lanes.Close(); err != nil {
			t.Error(err)
		}
	})
	reasons := true
	for _, missing := range lanes.Missing() {
		reasons = reasons && missing.Lane != evidence.Kernel
		if missing.Lane == evidence.Wire {
			t.Skipf("there is nothing to show: %v", missing.Why)
		}
	}
	origin, err := origins.StartHTTP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { origin.Close() })
	s := subjects.HTTP("net/http", origin, func() *http.Client { return &http.Client{Transport: &http.Transport{}} })
	report, err := audit.Run(t.Context(), s, audit.Options{
		Only: []string{"P7/*/once/*", "P11/*/once/*"}, Faults: []point.Fault{point.RST, point.Unread, point.FIN},
		Recorder: cards.New(lanes),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Cells {
		if c.Verdict.Bad() {
			t.Errorf("%s: %s: %s", c.ID, c.Verdict, c.Verdict.Reason)
		}
		reset := strings.Contains(c.Card, "RST ")
		unread := strings.Contains(c.Card, "TCP_ABORT_ON_CLOSE")
		if reasons && unread != (c.Fault == point.Unread) {
			t.Errorf("that unread data made the RST of %s is told: %t\n%s", c.ID, unread, c.Card)
		}
		if !strings.Contains(c.Card, c.ID) || !strings.Contains(c.Card, "proxy") || !strings.Contains(c.Card, "origin") ||
			reset == (c.Fault == point.FIN) {
			t.Errorf("the card of %s is\n%s", c.ID, c.Card)
		}
	}
}
