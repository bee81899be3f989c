package audit_test

import (
	"context"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
)

// A clinging client does not close.
type clinging struct {
	audit.Client
	closes chan<- struct{}
	until  <-chan struct{}
}

func (c *clinging) Close() error {
	c.closes <- struct{}{}
	<-c.until
	return c.Client.Close()
}

// TestAnInterruptEndsAnAudit, whatever its clients do: this one would hold it
// up for ever.
func TestAnInterruptEndsAnAudit(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	until, closes := make(chan struct{}), make(chan struct{}, 100)
	defer close(until)
	s := subject(t, func() audit.Client { return &clinging{&planted{exchange: ask}, closes, until} })
	go func() {
		<-closes
		interrupt()
	}()
	report, err := audit.RunEnding(ctx, s, audit.Options{Only: []string{"P7/rst/*/*"}, Parallel: 2}, 100*time.Millisecond)
	if err == nil || report == nil || len(report.Cells) > 0 {
		t.Errorf("%v, %v: want that it was stopped, with no cell", report, err)
	}
}
