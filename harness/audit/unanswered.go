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
	if err == nil && t.place.Unanswered {
		err = t.awaitArrival(ctx, call)
	}
	if err != nil {
		return fmt.Errorf("the call that opens the connection failed: %w", err)
	}
	return nil
}

// awaitStrike waits for the strike where a client reports success without one:
// it may have answered before what it sent has got there, as it does where no
// reply is asked for. The wait ends with the client's connections.
func (t *trial) awaitStrike(ctx context.Context, o observation) {
	if t.place.Idle || t.cell.Fault == Refuse || !o.returned || o.answer.Err != nil || o.answer.Unimplemented {
		return
	}
	bounded, cancel := t.pulse.within(ctx, busy*t.limits.Stall)
	defer cancel()
	select {
	case <-t.striker.hits:
		return
	default:
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		t.awaitEnds(bounded)
	}()
	select {
	case <-t.striker.hits:
	case <-over:
	}
	cancel()
	<-over
}

// awaitEnds waits until the client's connections have ended, and so all has
// passed that it sent, or the context ends.
func (t *trial) awaitEnds(ctx context.Context) {
	t.mark.pass(ctx, t.connectMark)
	if t.proxy.outer == nil { // a bridge alone does not say it
		<-ctx.Done()
		return
	}
	if t.proxy.outer.AwaitIdle(ctx) == nil {
		t.proxy.inner.AwaitIdle(ctx)
	}
}

// awaitArrival waits until a call that nothing is in the way of has been
// executed, as no reply may say that it has, and says if it was not.
func (t *trial) awaitArrival(ctx context.Context, call Call) error {
	lost, err := t.lost(ctx, call)
	return errors.Join(lost, err)
}

// awaitRest waits until what a client sent that has come back has passed: until
// its connections have ended, or for a while if it keeps them.
func (t *trial) awaitRest(ctx context.Context) {
	bounded, cancel := t.pulse.within(ctx, busy*t.limits.Stall)
	defer cancel()
	t.awaitEnds(bounded)
}

// lost waits for the execution of a call of which the client says that it
// succeeded, and says if there was none. Where nobody counts it waits until what
// the client sent has passed.
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
		switch {
		case account.Executed < 0:
			t.awaitEnds(bounded)
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

// letPass waits until what a client that is closed now has sent is through, if
// it said that all went well: no reply may have told it so.
func (t *trial) letPass() {
	if t.proxy == nil || !t.place.Unanswered && !t.trusting {
		return
	}
	bounded, cancel := t.pulse.within(context.Background(), busy*t.limits.Stall)
	defer cancel()
	t.awaitEnds(bounded) // a client that leaks its connection is not waited for
}
