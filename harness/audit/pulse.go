package audit

import (
	"context"
	"sync"
	"time"
)

// A pulse is a clock that stands still while the machine is too busy to run
// this process: what a client could not do then is not held against it.
type pulse struct {
	began time.Time

	mu     sync.Mutex // guards the rest
	due    time.Time  // when the next beat should be
	missed time.Duration
}

const (
	beat  = 20 * time.Millisecond
	tardy = 5 * beat // how late a beat may be: later ones tell of a machine that is too busy
)

func newPulse() *pulse {
	now := time.Now()
	return &pulse{began: now, due: now.Add(beat)}
}

// run beats until the context ends.
func (p *pulse) run(ctx context.Context) {
	timer := time.NewTicker(beat)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			p.mu.Lock()
			now := time.Now()
			p.missed += p.overdue(now)
			p.due = now.Add(beat)
			p.mu.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// now returns the time since the pulse began, without that in which it missed
// its beats.
func (p *pulse) now() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	return now.Sub(p.began) - p.missed - p.overdue(now)
}

// overdue is how long the present beat has been missed. mu is held.
func (p *pulse) overdue(now time.Time) time.Duration {
	return max(0, now.Sub(p.due)-tardy)
}
