package audit

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/resetlab/resetlab/harness/audit/point"
)

// behindReply says whether a place is behind the beginning of a reply: data that
// the client should get come before what strikes there.
func behindReply(p point.Place) bool {
	point, _, _ := strings.Cut(p.ID, ".")
	return slices.Contains([]string{"P8", "P9", "P10", "P11", "P12"}, point)
}

// inexact says why a subject cannot be struck by DataRST or ReadRST; nil if it can,
// or f is another fault.
func (s Subject) inexact(f point.Fault) error {
	switch {
	case f != point.DataRST && f != point.ReadRST:
		return nil
	case possible(f) != nil:
		return possible(f)
	case s.TLS != nil:
		return fmt.Errorf("%s is not to be had with TLS: the bytes that the kernel counts are not those that the client gets", f)
	case f == point.DataRST && !s.Suspends:
		return fmt.Errorf("%s needs a client that can be stopped for a moment, as a program can", f)
	}
	return nil
}

// A suspension keeps a client from running while data and the RST behind them
// come. Its zero value is of a client that cannot be kept.
type suspension struct {
	of suspender

	stopping sync.Mutex // held while the client is stopped or resumed

	mu    sync.Mutex // guards the rest
	held  bool
	over  bool // it is not stopped any more
	since time.Time
	total time.Duration
	exact int     // how many RSTs came as the fault wants it
	wrong []error // why others did not
}

// begin stops the client, and says whether it was to be stopped: it was running,
// or about to. A resumption that is on its way is awaited, for the client may have
// made its next attempt before that is noted.
func (s *suspension) begin() bool {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	s.mu.Lock()
	skip := s.of == nil || s.held || s.over
	if !skip {
		s.held, s.since = true, time.Now()
	}
	s.mu.Unlock()
	if skip {
		return false
	}
	if err := s.of.Suspend(); err != nil {
		s.fail(err)
	}
	return true
}

// release lets the client go on, and says whether it was stopped.
func (s *suspension) release() bool {
	s.stopping.Lock()
	defer s.stopping.Unlock()
	s.mu.Lock()
	held := s.held
	s.mu.Unlock()
	if !held {
		return false
	}
	if err := s.of.Resume(); err != nil {
		s.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = false
	s.total += time.Since(s.since)
	return true
}

// end lets the client go on for good.
func (s *suspension) end() {
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	s.release()
}

// lasted is for how long the client has been kept from running in all.
func (s *suspension) lasted() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held {
		return s.total + time.Since(s.since)
	}
	return s.total
}

func (s *suspension) isHeld() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held
}

func (s *suspension) succeed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.exact++
}

func (s *suspension) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, err)
}

// keepStill stops the client, until the RST has come or nothing comes any more.
func (l *localInjector) keepStill(ctx context.Context) {
	if !l.suspension.begin() {
		return
	}
	l.waiters.Go(func() {
		tick := time.NewTicker(l.limits.Stall / 20)
		defer tick.Stop()
		for l.suspension.isHeld() {
			select { // there is no event for that nothing happens
			case <-tick.C:
			case <-ctx.Done():
				l.suspension.release()
				return
			}
			if l.trigger.idle() < slack*l.limits.Stall {
				continue
			}
			if l.suspension.release() { // and no RST has done so meanwhile
				l.suspension.end()
				l.suspension.fail(fmt.Errorf("the reply came to a standstill before its place while the client was stopped: "+
					"it may be more than the client's kernel takes, or need an answer; the fault %s needs neither", point.RST))
			}
		}
	})
}

// beforeReset is what the proxy does before a RST; nil is nothing.
func (l *localInjector) beforeReset() func(context.Context, int, netip.AddrPort, netip.AddrPort) {
	switch l.cell.Fault {
	case point.DataRST:
		return l.checkUnread
	case point.ReadRST:
		return l.awaitRead
	}
	return nil
}

// checkUnread makes sure that all that came to the client since it was stopped is
// there, unread, when the RST comes, and lets the client go on behind that.
func (l *localInjector) checkUnread(ctx context.Context, connection int, client, proxy netip.AddrPort) {
	left, there := unread(client, proxy)
	switch came := l.trigger.cameTo(connection); {
	case !l.suspension.isHeld():
		return // said already
	case !there:
		l.suspension.fail(errors.New("the client's end of the connection is not to be seen: it has closed it, or is on another machine"))
	case left < came:
		l.suspension.fail(fmt.Errorf("%d of %d bytes were read while the client was stopped: whoever reads is none of its processes",
			came-left, came))
	default:
		l.suspension.succeed()
	}
	l.waiters.Go(func() {
		bounded, cancel := l.clock.within(context.WithoutCancel(ctx), slack*l.limits.Stall)
		defer cancel()
		l.poll(bounded, func() bool {
			_, there := unread(client, proxy)
			return !there
		})
		if bounded.Err() != nil {
			l.suspension.fail(errors.New("the RST did not come while the client was stopped"))
		}
		l.trigger.touch()
		l.suspension.release()
	})
}

// awaitRead waits until the client has read all that came before the RST, or closed
// the connection.
func (l *localInjector) awaitRead(ctx context.Context, _ int, client, proxy netip.AddrPort) {
	bounded, cancel := l.clock.within(ctx, l.limits.Late)
	defer cancel()
	var left int64
	l.poll(bounded, func() (read bool) {
		var there bool
		left, there = unread(client, proxy)
		return left == 0 || !there
	})
	l.trigger.touch()
	if bounded.Err() == nil {
		l.suspension.succeed()
		return
	}
	l.suspension.fail(fmt.Errorf("the client did not read the last %s that came before the RST: "+
		"where it never does, the fault %s says what comes of it", counted(int(left), "byte"), point.RST))
}

// poll waits for something for which there is no event, longer and longer from one
// look to the next.
func (l *localInjector) poll(ctx context.Context, met func() bool) {
	pause := 20 * time.Microsecond
	for !met() {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		pause = min(2*pause, 2*time.Millisecond)
	}
}

// inexactly says why a RST did not come as DataRST and ReadRST say: then the cell
// proves nothing.
func (l *localInjector) inexactly(strikes int) error {
	if l.cell.Fault != point.DataRST && l.cell.Fault != point.ReadRST || strikes == 0 {
		return nil
	}
	l.suspension.mu.Lock()
	defer l.suspension.mu.Unlock()
	if wrong := errors.Join(l.suspension.wrong...); wrong != nil {
		return wrong
	}
	if missing := strikes - l.suspension.exact; missing > 0 {
		return fmt.Errorf("%d of %d RSTs did not come: the client had closed the connection", missing, strikes)
	}
	return nil
}
