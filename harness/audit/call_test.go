package audit_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
)

// taking is a client that takes its time, and ends with its context.
func taking(d time.Duration) audit.Client {
	return audit.Func(func(ctx context.Context, _ audit.Call) audit.Answer {
		select {
		case <-time.After(d):
			return audit.Answer{Body: []byte("done")}
		case <-ctx.Done():
			return audit.Answer{Err: ctx.Err()}
		}
	})
}

// A loaded client has to be loaded before it begins.
type loaded struct {
	audit.Client
	within time.Duration
	begun  chan struct{}
}

func (l *loaded) Starts(audit.Call) (bool, <-chan struct{}) { return true, l.begun }

func (l *loaded) Do(ctx context.Context, c audit.Call) audit.Answer {
	select {
	case <-time.After(l.within):
	case <-ctx.Done():
		return audit.Answer{Err: ctx.Err()}
	}
	close(l.begun)
	return l.Client.Do(ctx, c)
}

func TestTheTimeOfACall(t *testing.T) {
	limits := audit.Limits{Time: 10 * time.Second, Start: time.Minute}
	for _, c := range []struct {
		name     string
		load     time.Duration // how long it takes to be loaded; 0 is a client that need not be
		client   audit.Client
		stopped  bool // the machine does not run the audit
		returned bool
		unable   bool
	}{
		{name: "in time", client: taking(9 * time.Second), returned: true},
		{name: "too late", client: taking(11 * time.Second)},
		{name: "too late, and the audit was not run meanwhile", client: taking(time.Hour), stopped: true, returned: true},
		{name: "in time behind a start that took longer", load: 50 * time.Second, client: taking(9 * time.Second), returned: true},
		{name: "too late behind its start", load: 50 * time.Second, client: taking(11 * time.Second)},
		{name: "never started", load: 70 * time.Second, client: taking(0), unable: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := c.client
				if c.load > 0 {
					client = &loaded{Client: client, within: c.load, begun: make(chan struct{})}
				}
				answer, returned := audit.Perform(t.Context(), client, limits, !c.stopped)
				if returned != c.returned || (answer.Unable != nil) != c.unable {
					t.Errorf("returned %v (%v), unable: %v; want %v, %v", returned, answer.Err, answer.Unable, c.returned, c.unable)
				}
				if c.unable && !strings.Contains(answer.Unable.Error(), "1m0s") {
					t.Errorf("%v, want the limit in it", answer.Unable)
				}
			})
		})
	}
}

// TestWhetherItRetries: what decides is the attempts, not when the last one began.
func TestWhetherItRetries(t *testing.T) {
	limits := audit.Limits{Time: time.Second, Quiet: 300 * time.Millisecond}
	for _, c := range []struct {
		name  string
		waits []time.Duration // before each attempt; it hangs behind the last
		want  audit.Outcome
	}{
		{"one attempt, shortly before the end", []time.Duration{900 * time.Millisecond}, audit.Hung},
		{"two attempts, and it hangs", []time.Duration{0, 900 * time.Millisecond}, audit.Hung},
		{"waits that double", []time.Duration{0, 200e6, 400e6, 800e6, 1600e6, 3200e6}, audit.Informational},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := subject(t, func() audit.Client {
				return audit.Func(func(ctx context.Context, call audit.Call) audit.Answer {
					for _, wait := range c.waits {
						select {
						case <-time.After(wait):
						case <-ctx.Done():
							return audit.Answer{Err: ctx.Err()}
						}
						(&planted{exchange: ask}).once(ctx, call)
					}
					<-ctx.Done()
					return audit.Answer{Err: errors.Join(ctx.Err())}
				})
			})
			report, err := audit.Run(t.Context(), s, audit.Options{Limits: limits, Only: []string{"P7/rst/always/read"}})
			if err != nil {
				t.Fatal(err)
			}
			if got := report.Cells[0].Verdict; !got.Has(c.want) {
				t.Errorf("%v: %s, want %s", got, got.Reason, c.want)
			}
		})
	}
}
