package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/resetlab/resetlab/harness/audit/point"
)

// A followUp is one more call, with nothing in its way.
type followUp struct {
	wrong error  // what was wrong with it; nil is nothing
	over  string // in that case: what it went over; empty if that was not seen
}

// followUp makes one more call, now that nothing is in its way.
func (t *trial) followUp(ctx context.Context) (f followUp, err error) {
	if err := t.injector.heal(ctx, t.succeeded); err != nil {
		return f, err
	}
	succeeds, wrong, err := t.callAgain(ctx)
	if err != nil {
		return f, err
	}
	f.wrong, f.over, err = t.injector.followed(ctx, t.calls[len(t.calls)-1], succeeds, wrong)
	return f, err
}

// heal listens again where nobody did.
func (l *localInjector) heal(ctx context.Context, succeeded bool) (err error) {
	if l.cell.Fault == point.Refuse {
		address := l.faulty.Addr()
		if err := l.faulty.Close(); err != nil {
			return err
		}
		if l.faulty, err = l.newProxy(address, l.watch); err != nil {
			return fmt.Errorf("heal the refusing address: %w", err)
		}
	}
	if l.subject.Pooled && succeeded && l.cell.Fault != point.RSTStream && !l.cell.Fault.Harmless() && l.trigger.struckLast() {
		l.awaitClosed(ctx) // the connection that was struck behind the reply may be in the pool
	}
	l.toClient, l.used = l.trigger.toClient(), l.trigger.noteUse()
	return nil
}

// followed looks for the execution of a call that no reply has told of.
func (l *localInjector) followed(
	ctx context.Context, c Call, succeeded bool, failure error,
) (wrong error, over string, err error) {
	wrong = failure
	if succeeded && l.trigger.toClient() == l.toClient {
		if wrong, err = l.awaitExecution(ctx, c, l); err != nil {
			return nil, "", err
		}
	}
	if wrong != nil {
		bounded, cancel := l.clock.within(ctx, slack*l.limits.Stall)
		l.barrier.pass(bounded, l.dialBarrier) // a connection that was given up at once is seen, too
		cancel()
		over = l.poisoned(wrong, l.used())
	}
	return wrong, over, nil
}

// callAgain makes a call with nothing in its way, and says whether it succeeds or
// what was wrong with it: neither if the client cannot perform such a call.
func (t *trial) callAgain(ctx context.Context) (succeeds bool, wrong, err error) {
	call := t.newCall(t.cell.Operation, "")
	answer, back := t.do(ctx, call)
	switch {
	case ctx.Err() != nil:
		return false, nil, ctx.Err()
	case answer.Unable != nil:
		return false, nil, answer.Unable
	case answer.Unimplemented:
		return false, nil, nil
	case !back:
		return false, fmt.Errorf("no result within %v", t.limits.Time), nil
	case answer.Err != nil:
		return false, answer.Err, nil
	}
	want, sampled := t.reply(call)
	if sampled && !bytes.HasPrefix(want, answer.Body) {
		want = nil // the server may have sent that
	}
	if want != nil && answer.Body != nil && !bytes.Equal(want, answer.Body) {
		return false, fmt.Errorf("%d bytes came, not the %d of its reply", len(answer.Body), len(want)), nil
	}
	return true, nil, nil
}

// awaitExecuted waits until a call that nothing is in the way of has been
// executed, as no reply may say that it has, and says if it was not.
func (t *trial) awaitExecuted(ctx context.Context, call Call) error {
	lost, err := t.awaitExecution(ctx, call, t.injector)
	return errors.Join(lost, err)
}

// awaitExecution waits for the execution of a call of which the client says that it
// succeeded, and says if there was none. Where nobody counts it waits until what
// the client sent has passed.
func (r *run) awaitExecution(ctx context.Context, call Call, in injector) (wrong error, err error) {
	bounded, cancel := r.clock.within(ctx, slack*r.limits.Stall)
	defer cancel()
	tick := time.NewTicker(r.limits.Stall / 20)
	defer tick.Stop()
	for {
		account, err := r.subject.Origin.Account(ctx, call)
		if err != nil {
			return nil, fmt.Errorf("ask the origin: %w", err)
		}
		switch {
		case account.Executed < 0:
			in.awaitEnds(bounded)
			return nil, nil
		case account.Executed > 0:
			return nil, nil
		}
		select { // an origin has no event for it
		case <-tick.C:
		case <-bounded.Done():
			return errors.New("success, and nothing was executed"), ctx.Err()
		}
	}
}
