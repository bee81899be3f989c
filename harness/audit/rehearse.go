package audit

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/resetlab/resetlab/harness"
)

// A Rehearsal is a call with nothing in its way.
type Rehearsal struct {
	Call     Call
	Answer   Answer
	Returned bool // it came back in time
	Account  Account
	Places   []string // that it came by before it was closed; those in a TLS handshake are not looked for
	Reused   bool     // the call came on a connection that had carried another
}

// Rehearse performs a call without a fault, the same way as [Run] does
// otherwise. An error says that this could not be done; what the client makes
// of it is no error.
func Rehearse(ctx context.Context, s Subject, operation Operation, shape string, l Limits) (Rehearsal, error) {
	return rehearse(ctx, s, operation, shape, l, false)
}

// RehearsePooled is [Rehearse] with a read before the call, which may leave a
// connection for it, as at the places on such connections.
func RehearsePooled(ctx context.Context, s Subject, operation Operation, l Limits) (Rehearsal, error) {
	return rehearse(ctx, s, operation, "", l, true)
}

func rehearse(
	ctx context.Context, s Subject, operation Operation, shape string, l Limits, primed bool,
) (r Rehearsal, err error) {
	if _, err := s.matrix(Options{}); err != nil {
		return r, fmt.Errorf("rehearse: %w", err)
	}
	run := newRun(&s, Options{Limits: l})
	defer run.pulse.start(context.WithoutCancel(ctx))()
	place, _ := run.place(AtByte(harness.Client, 0))
	place.Shape = shape
	t := run.newTrial(Cell{place.ID, RST, Once, operation}, place)
	met := &meeting{}
	t.watch = met.watch(s.Protocol)
	if err := t.open(ctx); err != nil {
		return r, fmt.Errorf("rehearse: %w", err)
	}
	if primed {
		if err := t.prime(ctx); err != nil {
			return r, fmt.Errorf("rehearse: %w", errors.Join(err, t.close()))
		}
		met.take()
	}
	before := t.dialled.Load()
	r.Call = t.newCall(operation, shape)
	r.Answer, r.Returned = t.do(ctx, r.Call)
	if r.Answer.Unable != nil {
		return r, fmt.Errorf("rehearse: %w", errors.Join(r.Answer.Unable, t.close()))
	}
	t.awaitArrival(ctx, r.Call) // the account tells
	r.Places = met.take()       // what is sent when the client is closed is no part of the call
	r.Reused = primed && t.dialled.Load() == before
	if err := errors.Join(t.close(), ctx.Err()); err != nil {
		return r, fmt.Errorf("rehearse: %w", err)
	}
	if r.Account, err = t.account(ctx, r.Call); err != nil {
		return r, fmt.Errorf("rehearse: %w", err)
	}
	return r, nil
}

// A meeting is the places that conversations come by.
type meeting struct {
	mu     sync.Mutex // connections are watched concurrently
	places []string
}

func (m *meeting) watch(p Protocol) func(int) harness.Watcher {
	return func(int) harness.Watcher {
		watcher := p.Watch()
		return func(toward harness.End, b []byte) *harness.Cut {
			m.mu.Lock()
			defer m.mu.Unlock()
			for _, moment := range watcher.See(toward, b) {
				m.places = append(m.places, moment.Place)
			}
			return nil
		}
	}
}

// take returns those since it was last called.
func (m *meeting) take() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	places := m.places
	m.places = nil
	return places
}
