package audit

import (
	"context"
	"sync"
	"time"
)

// A clock stands still while the machine is too busy to run this process: what
// a client could not do then is not held against it.
type clock struct {
	began time.Time

	mu     sync.Mutex // guards the rest
	due    time.Time  // when the next tick should be
	missed time.Duration
}

const (
	clockTick = 20 * time.Millisecond
	tolerance = 5 * clockTick // how late a tick may be: the process was starved if it is later
)

func newClock() *clock {
	now := time.Now()
	return &clock{began: now, due: now.Add(clockTick)}
}

// run ticks until the context ends.
func (c *clock) run(ctx context.Context) {
	timer := time.NewTicker(clockTick)
	defer timer.Stop()
	c.tick()
	for {
		select {
		case <-timer.C:
			c.tick()
		case <-ctx.Done():
			return
		}
	}
}

// tick notes that this process is run now, and for how long it was not.
func (c *clock) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.missed += c.overdue(now)
	c.due = now.Add(clockTick)
}

// now returns the time since the clock began, without that in which this process
// was starved.
func (c *clock) now() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	return now.Sub(c.began) - c.missed - c.overdue(now)
}

// within returns a context that ends when a time has passed on this clock.
func (c *clock) within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	over := c.now() + d
	go func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		for {
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
			left := over - c.now()
			if left <= 0 {
				cancel(context.DeadlineExceeded)
				return
			}
			timer.Reset(left)
		}
	}()
	return ctx, func() { cancel(context.Canceled) }
}

// starved returns for how long this process was not run since the clock began.
func (c *clock) starved() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.missed + c.overdue(time.Now())
}

// start runs the clock until stop is called.
func (c *clock) start(ctx context.Context) (stop func()) {
	running, end := context.WithCancel(ctx)
	var ticking sync.WaitGroup
	ticking.Go(func() { c.run(running) })
	return func() {
		end()
		ticking.Wait()
	}
}

// overdue is for how long this process has been starved at the present tick. mu
// is held.
func (c *clock) overdue(now time.Time) time.Duration {
	return max(0, now.Sub(c.due)-tolerance)
}
