package audit_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
)

// TestTheClockStandsStillWhileNothingRuns: an hour in which it could not tick is
// no hour, and those in which it could are.
func TestTheClockStandsStillWhileNothingRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now, run := audit.NewClock()
		ctx, cancel := context.WithCancel(t.Context())
		<-time.After(time.Hour) // nobody runs it
		still := now()
		if still <= 0 || still > time.Second {
			t.Errorf("an hour without a tick took %v", still)
		}
		go run(ctx)
		<-time.After(3 * time.Hour)
		if passed := now() - still; passed < 3*time.Hour-time.Second || passed > 3*time.Hour {
			t.Errorf("three hours took %v", passed)
		}
		cancel()
		synctest.Wait()
	})
}
