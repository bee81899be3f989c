package audit

import (
	"bytes"
	"context"
	"fmt"
)

// A followUp is one more call, with nothing in its way.
type followUp struct {
	wrong error  // what was wrong with it; nil is nothing
	over  string // in that case: what it went over; empty if that was not seen
}

// followUp makes one more call, now that nothing is in its way.
func (t *trial) followUp(ctx context.Context) (f followUp, err error) {
	if err := t.injector.heal(ctx, t.trusting); err != nil {
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
	if l.cell.Fault == Refuse {
		address := l.proxy.Addr()
		if err := l.proxy.Close(); err != nil {
			return err
		}
		if l.proxy, err = l.newWay(address, l.watch); err != nil {
			return fmt.Errorf("heal the refusing address: %w", err)
		}
	}
	if l.subject.Pooled && succeeded && l.cell.Fault != RSTStream && l.striker.struckLast() {
		l.awaitNotice(ctx) // the connection that was struck behind the reply may be in the pool
	}
	l.replied, l.used = l.striker.heard(), l.striker.note()
	return nil
}

// followed looks for the execution of a call that no reply has told of.
func (l *localInjector) followed(
	ctx context.Context, c Call, succeeded bool, failure error,
) (wrong error, over string, err error) {
	wrong = failure
	if succeeded && l.striker.heard() == l.replied {
		if wrong, err = l.lost(ctx, c, l); err != nil {
			return nil, "", err
		}
	}
	if wrong != nil {
		bounded, cancel := l.pulse.within(ctx, busy*l.limits.Stall)
		l.mark.pass(bounded, l.connectMark) // a connection that was given up at once is seen, too
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
