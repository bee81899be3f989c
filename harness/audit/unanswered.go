package audit

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// prime makes the call that opens a connection for the next one.
func (t *trial) prime(ctx context.Context) error {
	call := t.newCall(Read, t.place.Shape)
	answer, returned := t.do(ctx, call)
	err := answer.Err
	if answer.Unable != nil {
		err = answer.Unable
	}
	if err == nil && !returned {
		err = errors.New("no result")
	}
	if err == nil {
		err = t.awaitArrival(ctx, call)
	}
	if err != nil {
		return fmt.Errorf("the call that opens the connection failed: %w", err)
	}
	return nil
}

// awaitStrike gives what a client has sent time to get to where the fault
// strikes, where no reply says that it has.
func (t *trial) awaitStrike(ctx context.Context, answer Answer) {
	if !t.place.Unanswered || t.place.Idle || t.cell.Fault == Refuse || answer.Err != nil {
		return
	}
	bounded, cancel := t.pulse.within(ctx, busy*t.limits.Stall)
	defer cancel()
	select {
	case <-t.striker.hits:
	case <-bounded.Done():
	}
}

// awaitArrival waits until a call that nothing is in the way of has been
// executed, where no reply says that it has.
func (t *trial) awaitArrival(ctx context.Context, call Call) error {
	if !t.place.Unanswered {
		return nil
	}
	lost, err := t.lost(ctx, call)
	return errors.Join(lost, err)
}

// lost waits for the execution of a call of which the client says that it
// succeeded, and says if there was none.
func (t *trial) lost(ctx context.Context, call Call) (wrong error, err error) {
	bounded, cancel := t.pulse.within(ctx, busy*t.limits.Stall)
	defer cancel()
	tick := time.NewTicker(t.limits.Stall / 20)
	defer tick.Stop()
	for {
		account, err := t.subject.Origin.Account(ctx, call)
		if err != nil {
			return nil, fmt.Errorf("ask the origin: %w", err)
		}
		if account.Executed != 0 {
			return nil, nil
		}
		select { // an origin has no event for it
		case <-tick.C:
		case <-bounded.Done():
			return errors.New("success, and nothing was executed"), ctx.Err()
		}
	}
}

// letPass waits until what a client that is closed now has sent is through,
// where no reply says that it is.
func (t *trial) letPass() {
	if !t.place.Unanswered || t.proxy == nil {
		return
	}
	bounded, cancel := t.pulse.within(context.Background(), busy*t.limits.Stall)
	defer cancel()
	t.proxy.outer.AwaitIdle(bounded) // a client that leaks its connection is not waited for
	t.proxy.inner.AwaitIdle(bounded)
}
