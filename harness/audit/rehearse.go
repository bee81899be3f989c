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
	Places   []string // that it came by; those in a TLS handshake are not looked for
}

// Rehearse performs a call without a fault, the same way as [Run] does
// otherwise. An error says that this could not be done; what the client makes
// of it is no error.
func Rehearse(ctx context.Context, s Subject, operation Operation, shape string, l Limits) (r Rehearsal, err error) {
	if _, err := s.matrix(Options{}); err != nil {
		return r, fmt.Errorf("rehearse: %w", err)
	}
	run := newRun(&s, Options{Limits: l})
	place, _ := run.place(AtByte(harness.Client, 0))
	place.Shape = shape
	t := &trial{run: run, cell: Cell{place.ID, RST, Once, operation}, place: place, source: run.addresses.take()}
	var mu sync.Mutex // connections are watched concurrently
	t.watch = func(int) harness.Watcher {
		watcher := s.Protocol.Watch()
		return func(toward harness.Party, b []byte) *harness.Cut {
			mu.Lock()
			defer mu.Unlock()
			for _, m := range watcher.See(toward, b) {
				r.Places = append(r.Places, m.Place)
			}
			return nil
		}
	}
	if err := t.open(ctx); err != nil {
		return r, fmt.Errorf("rehearse: %w", err)
	}
	r.Call = t.newCall(operation, shape)
	r.Answer, r.Returned = t.do(ctx, r.Call)
	t.awaitArrival(ctx, r.Call) // the account tells
	if err := errors.Join(t.close(), ctx.Err()); err != nil {
		return r, fmt.Errorf("rehearse: %w", err)
	}
	if r.Account, err = t.account(ctx, r.Call); err != nil {
		return r, fmt.Errorf("rehearse: %w", err)
	}
	return r, nil
}
