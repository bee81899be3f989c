package audit

import (
	"bytes"
	"context"
	"fmt"
)

// followUp makes one more call, now that nothing is in its way, and says what
// was wrong with it.
func (t *trial) followUp(ctx context.Context, succeeded bool) (wrong error, err error) {
	if t.cell.Fault == Refuse {
		if err := t.proxy.Close(); err != nil {
			return nil, err
		}
		if t.proxy, err = t.newWay(t.address, t.watch); err != nil {
			return nil, fmt.Errorf("heal the refusing address: %w", err)
		}
	}
	if t.subject.Pooled && succeeded && t.cell.Fault != RSTStream && t.striker.struckLast() {
		t.awaitNotice(ctx) // the connection that was struck behind the reply may be in the pool
	}
	before, used := t.striker.heard(), t.striker.note()
	succeeds, wrong, err := t.callAgain(ctx)
	if succeeds && t.striker.heard() == before { // no reply has told the client so
		wrong, err = t.lost(ctx, t.calls[len(t.calls)-1])
	}
	if wrong != nil {
		bounded, cancel := t.pulse.within(ctx, busy*t.limits.Stall)
		t.mark.pass(bounded, t.connectMark) // a connection that was given up at once is seen, too
		cancel()
		t.poison = t.poisoned(wrong, used())
	}
	return wrong, err
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
