package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// A Rehearsal is a call with nothing in its way.
type Rehearsal struct {
	Call     Call
	Answer   Answer
	Returned bool // it came back in time
	Account  Account
	// Places are those that it came by before it was closed, at its own requests and
	// outside of any; those in a TLS handshake are not looked for. Through a
	// toxiproxy-server they are the first bytes in each direction, where some have passed.
	Places []string
	// Nameless says that requests were seen, and the call's id in none of them: no
	// fault would strike them.
	Nameless bool
	// Turns are those on the call's connection, before it was closed; nil if it was
	// not one, or they are not seen.
	Turns  []point.Turn
	Start  time.Duration // that a client which has to be loaded took until it began with a call; 0 if nothing shows it
	Reused bool          // the call came on a connection that had carried another
}

// Rehearse performs a call without a fault, the same way as [Run] does
// otherwise: in the place's shape, and where the place is primed behind a read
// that may leave a connection for it. An error says that this could not be done;
// what the client makes of it is no error.
func Rehearse(ctx context.Context, s Subject, operation point.Operation, at point.Place, l Limits) (r Rehearsal, err error) {
	if _, err := s.matrix(Options{}); err != nil {
		return r, fmt.Errorf("rehearse: %w", err)
	}
	if at.Primed && s.Remote != nil {
		return r, errors.New("rehearse: through toxiproxy it is not seen whether a connection is used again")
	}
	run := newRun(&s, Options{Limits: l})
	defer run.clock.start(context.WithoutCancel(ctx))()
	leave, err := run.reach(ctx)
	if err != nil {
		return r, fmt.Errorf("rehearse: %w", err)
	}
	defer func() { err = errors.Join(err, leave()) }()
	if r, err = run.rehearse(ctx, operation, at); err != nil {
		return r, fmt.Errorf("rehearse: %w", err)
	}
	return r, nil
}

// rehearse performs a call without a fault.
func (r *run) rehearse(ctx context.Context, operation point.Operation, at point.Place) (h Rehearsal, err error) {
	place, _ := r.place(point.AtByte(harness.Client, 0))
	place.Shape, place.Primed = at.Shape, at.Primed
	t := r.newTrial(point.Cell{Place: place.ID, Fault: point.RST, Repeat: point.Once, Operation: operation}, place)
	t.injector.rehearse()
	defer func() { err = errors.Join(err, t.close()) }()
	if err := t.open(ctx); err != nil {
		return h, err
	}
	if place.Primed {
		if err := t.prime(ctx); err != nil {
			return h, err
		}
	}
	h.Call = t.newCall(operation, place.Shape)
	if err := t.injector.arm(ctx, h.Call, func() {}); err != nil {
		return h, err
	}
	h.Answer, h.Returned = t.do(ctx, h.Call)
	if h.Answer.Unable != nil {
		return h, h.Answer.Unable
	}
	t.awaitExecuted(ctx, h.Call) // the account tells
	if err := t.injector.visited(ctx, &h); err != nil {
		return h, err
	}
	if err := errors.Join(t.close(), ctx.Err()); err != nil {
		return h, err
	}
	h.Start = time.Duration(r.slowest.Load())
	h.Account, err = t.account(ctx, h.Call)
	return h, err
}

func (l *localInjector) rehearse() {
	l.coverage = &coverage{subject: l.subject}
	l.watch = l.coverage.watch
}

// visited leaves out what is sent when the client is closed: that is no part of
// the call.
func (l *localInjector) visited(_ context.Context, r *Rehearsal) error {
	r.Places, r.Nameless = l.coverage.taken()
	r.Turns = l.coverage.takenTurns()
	r.Reused = l.coverage.before > 0 && l.dialled.Load() == l.coverage.before
	return nil
}
