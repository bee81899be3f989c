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
func (l *localInjector) awaitStrike(ctx context.Context, o *observation) {
	if l.place.Idle || l.cell.Fault == Refuse || !o.returned || o.answer.Err != nil || o.answer.Unimplemented {
		return
	}
	bounded, cancel := l.pulse.within(ctx, busy*l.limits.Stall)
	defer cancel()
	select {
	case <-l.striker.hits:
		return
	default:
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		l.awaitEnds(bounded)
	}()
	select {
	case <-l.striker.hits:
	case <-over:
	}
	cancel()
	<-over
}

// awaitEnds waits until the client's connections have ended, and so all has
// passed that it sent, or the context ends.
func (l *localInjector) awaitEnds(ctx context.Context) {
	l.mark.pass(ctx, l.connectMark)
	if l.proxy.outer == nil { // a bridge alone does not say it
		<-ctx.Done()
		return
	}
	if l.proxy.outer.AwaitIdle(ctx) == nil {
		l.proxy.inner.AwaitIdle(ctx)
	}
}

// awaitArrival waits until a call that nothing is in the way of has been
// executed, as no reply may say that it has, and says if it was not.
func (t *trial) awaitArrival(ctx context.Context, call Call) error {
	lost, err := t.lost(ctx, call, t.injector)
	return errors.Join(lost, err)
}

// awaitRest waits until what a client sent that has come back has passed: until
// its connections have ended, or for a while if it keeps them.
func (l *localInjector) awaitRest(ctx context.Context) {
	bounded, cancel := l.pulse.within(ctx, busy*l.limits.Stall)
	defer cancel()
	l.awaitEnds(bounded)
}

// lost waits for the execution of a call of which the client says that it
// succeeded, and says if there was none. Where nobody counts it waits until what
// the client sent has passed.
func (r *run) lost(ctx context.Context, call Call, in injector) (wrong error, err error) {
	bounded, cancel := r.pulse.within(ctx, busy*r.limits.Stall)
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
