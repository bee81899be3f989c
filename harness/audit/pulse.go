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
	p.beat()
	for {
		select {
		case <-timer.C:
			p.beat()
		case <-ctx.Done():
			return
		}
	}
}

// beat notes that this process is run now, and whether it was late.
func (p *pulse) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.missed += p.overdue(now)
	p.due = now.Add(beat)
}

// now returns the time since the pulse began, without that in which it missed
// its beats.
func (p *pulse) now() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	return now.Sub(p.began) - p.missed - p.overdue(now)
}

// within returns a context that ends when a time has passed on this clock.
func (p *pulse) within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	over := p.now() + d
	go func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
			left := over - p.now()
			if left <= 0 {
				cancel(context.DeadlineExceeded)
				return
			}
			timer.Reset(left)
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}

// lost returns for how long this process was not run since the pulse began.
func (p *pulse) lost() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.missed + p.overdue(time.Now())
}

// start lets the pulse beat until stop is called, which waits for its end.
func (p *pulse) start(ctx context.Context) (stop func()) {
	beating, end := context.WithCancel(ctx)
	var heart sync.WaitGroup
	heart.Go(func() { p.run(beating) })
	return func() {
		end()
		heart.Wait()
	}
}

// overdue is how long the present beat has been missed. mu is held.
func (p *pulse) overdue(now time.Time) time.Duration {
	return max(0, now.Sub(p.due)-tardy)
}
