package audit_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
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

// A queueing client waits for a processor for a part of its time.
type queueing struct {
	audit.Client
	share time.Duration // one in so many
	began time.Time
}

func (w *queueing) RunDelay() time.Duration { return time.Since(w.began) / w.share }

func TestTheTimeOfACall(t *testing.T) {
	limits := audit.Limits{Time: 10 * time.Second, Start: time.Minute}
	for _, c := range []struct {
		name     string
		load     time.Duration // how long it takes to be loaded; 0 is a client that need not be
		client   audit.Client
		waits    time.Duration // it waits for a processor for one in so many parts of its time; 0 is never
		stopped  bool          // the machine does not run the audit
		returned bool
		unable   bool
	}{
		{name: "in time", client: taking(9 * time.Second), returned: true},
		{name: "too late", client: taking(11 * time.Second)},
		{name: "too late, and the audit was not run meanwhile", client: taking(time.Hour), stopped: true, returned: true},
		{name: "too late, and it waited for a processor meanwhile", client: taking(19 * time.Second), waits: 2, returned: true},
		{name: "too late, and it hardly waited for a processor", client: taking(19 * time.Second), waits: 10},
		{name: "it waits for a processor for ever", client: taking(time.Hour), waits: 1},
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
				if c.waits > 0 {
					client = &queueing{Client: client, share: c.waits, began: time.Now()}
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
		want  verdict.Outcome
	}{
		{"one attempt, shortly before the end", []time.Duration{900 * time.Millisecond}, verdict.Hung},
		{"two attempts, and it hangs", []time.Duration{0, 900 * time.Millisecond}, verdict.Hung},
		{"waits that double", []time.Duration{0, 200e6, 400e6, 800e6, 1600e6, 3200e6}, verdict.Informational},
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

// An unheard client has to be loaded, and only its first connection shows that it
// has begun.
type unheard struct{ audit.Client }

func (unheard) Starts(audit.Call) (bool, <-chan struct{}) { return true, nil }

// TestAProgramThatTriesWhereNobodyListens is judged as any client: that it shows
// on no connection when it begins proves nothing against the machine, and what its
// start may have taken is not held against it.
func TestAProgramThatTriesWhereNobodyListens(t *testing.T) {
	const late = 300 * time.Millisecond
	refused := func(wait time.Duration) audit.Client {
		first := true
		return audit.Func(func(ctx context.Context, call audit.Call) audit.Answer {
			after := time.After(wait)
			if !first { // somebody listens
				after = time.After(0)
			}
			first = false
			select {
			case <-after:
				return (&planted{exchange: ask}).once(ctx, call)
			case <-ctx.Done():
				return audit.Answer{Err: ctx.Err()}
			}
		})
	}
	for _, c := range []struct {
		name  string
		wait  time.Duration
		start time.Duration // of the slowest that was seen
		want  string
	}{
		{"it tries for ever", time.Hour, 50 * time.Millisecond, "INFORMATIONAL"},
		{"its start may have taken that long", 2 * late, late, "SURFACED"},
		{"no start takes that long", 4 * late, 50 * time.Millisecond, "LATE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := subject(t, func() audit.Client { return unheard{refused(c.wait)} })
			s.Cost.Start = c.start
			report, err := audit.Run(t.Context(), s, audit.Options{
				Limits: audit.Limits{Time: 2 * time.Second, Late: late}, Only: []string{"P0/refuse/always/write"},
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := report.Cells[0].Verdict; got.String() != c.want {
				t.Errorf("%v: %s, want %s", got, got.Reason, c.want)
			}
		})
	}
}

// TestAConnectionForWhatMayCome is no attempt at a call that has been answered: a
// pool that connects again as soon as a connection has ended does so before or
// after the client tells its result.
func TestAConnectionForWhatMayCome(t *testing.T) {
	s := subject(t, func() audit.Client {
		return audit.Func(func(ctx context.Context, c audit.Call) audit.Answer {
			answer := (&planted{exchange: ask}).once(ctx, c)
			(&planted{exchange: ask}).once(ctx, audit.Call{ID: "spare", Operation: point.Read, Address: c.Address}) // it is seen before
			return answer
		})
	})
	report, err := audit.Run(t.Context(), s, audit.Options{Only: []string{"P11/fin/once/write", "P1/rst/once/write"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range report.Cells {
		want := map[string]string{"P11": "UNHARMED", "P1": "SURFACED"}[cell.Place]
		if got := cell.Verdict; got.String() != want || len(cell.Attempts) != 2 {
			t.Errorf("%s is %v with %d attempts: %s; want %s with 2", cell.ID, got, len(cell.Attempts), got.Reason, want)
		}
	}
}
