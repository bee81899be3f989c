package watch_test

import (
	"fmt"
	"testing"

	"github.com/resetlab/resetlab/harness/watch"
)

func TestSummary(t *testing.T) {
	var s watch.Summary
	for i := range 3 {
		d := event(func(e *watch.Event) { e.Reason, e.Unread, e.Unaccepted = "TCP_ABORT_ON_CLOSE", int64(i), false }).Diagnose(0)
		s.Add(&d)
	}
	d := event(func(e *watch.Event) { e.Reason, e.Unaccepted = "TCP_STATE", true }).Diagnose(0)
	s.Add(&d)
	rows := s.Rows()
	if s.Total() != 4 || len(rows) != 2 || rows[0].Cause != "unread" || rows[0].Count != 3 || rows[0].Lossy != 2 || rows[0].Owner != "nginx" {
		t.Errorf("got %+v", rows)
	}
	if rows[1].Port != 8080 || rows[1].Shown != "closing-the-listener-before-accept" {
		t.Errorf("got %+v", rows[1])
	}
}

// However many programs there are, the rows are bounded and the counts exact.
func TestSummaryIsBounded(t *testing.T) {
	var s watch.Summary
	for i := range 5000 {
		d := event(func(e *watch.Event) { e.Reason, e.Owner.Name = "TCP_STATE", fmt.Sprint("p", i) }).Diagnose(0)
		s.Add(&d)
	}
	sum := int64(0)
	for _, row := range s.Rows() {
		sum += row.Count
	}
	if len(s.Rows()) > 1002 || sum != 5000 || s.Total() != 5000 {
		t.Errorf("%d rows, %d in them", len(s.Rows()), sum)
	}
}
