package audit

import (
	"context"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// perform makes the call that is struck. If its time is over without a result,
// it finds out whether the client still tries. An error is the audit's own.
func (t *trial) perform(ctx context.Context, call Call, o *observation) (err error) {
	p := t.begin(ctx, call)
	defer p.giveUp()
	if t.cell.Fault == point.Refuse {
		p.beUnseen()
	}
	o.answer, o.returned = p.await(ctx)
	if o.delayed = p.unseen + p.delayed; o.returned {
		if done := o.answer.Done; !done.IsZero() {
			o.delayed += time.Since(done)
		}
		return nil
	}
	if !p.loading && t.cell.Fault != point.Refuse {
		err = p.watchRetries(ctx, o)
	}
	o.answer = p.end(ctx)
	return err
}

// backoff is how many times longer than any wait between two attempts so far
// the next one may be: most clients double theirs, and some wait at random.
const backoff = 4

// watchRetries waits longer for a client that has tried again after the strike:
// one more attempt, or a result, says that it is still at it. A client that has
// made one attempt only is not waited for: it may hang, but it does not retry.
func (p *pendingCall) watchRetries(ctx context.Context, o *observation) error {
	for {
		tries, err := p.injector.tries(ctx)
		if err != nil {
			return err
		}
		o.retries, o.silence = tries.after, p.clock.now()-tries.last
		if tries.after == 0 {
			return nil
		}
		p.deadline = tries.last + max(p.limits.Quiet, backoff*tries.gap) - p.excused()
		if p.left() <= 0 || ctx.Err() != nil {
			return nil
		}
		if more, err := p.awaitTry(ctx, tries.after); more || err != nil {
			o.retrying = more
			tries, err = p.injector.tries(ctx)
			o.retries = tries.after
			return err
		}
	}
}

// awaitTry waits for an attempt beyond those that are known, or for the result,
// until the deadline.
func (p *pendingCall) awaitTry(ctx context.Context, known int) (more bool, err error) {
	tick := time.NewTicker(clockTick)
	defer tick.Stop()
	for {
		if p.left() <= 0 {
			p.heed()
		}
		over := p.left() <= 0
		tries, err := p.injector.tries(ctx)
		if err != nil || over || tries.after > known {
			return tries.after > known, err
		}
		select { // an attempt on a connection that is kept has no event
		case <-tick.C:
		case answer := <-p.done:
			p.done <- answer // for end
			return true, nil
		case <-ctx.Done():
			return false, nil
		}
	}
}

// tries are the attempts of a client, by the clock.
type tries struct {
	after int           // how many came after the first strike
	last  time.Duration // when the last of all began
	gap   time.Duration // the longest time between two
}

// tries returns those so far. What a client tries at the healthy address comes
// after the strike.
func (l *localInjector) tries(context.Context) (tries, error) {
	t := l.trigger.tries()
	if l.healthy != nil {
		t.after += len(l.healthy.Connections())
		t.last = max(t.last, time.Duration(l.lastConnected.Load()))
	}
	return t, nil
}

// tries returns the attempts so far.
func (t *trigger) tries() (made tries) {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := slices.IndexFunc(t.attempts, func(a attempt) bool { return a.Struck })
	if t.strikes > 0 {
		made.after = len(t.attempts) - max(0, first) - 1 // where the clock struck, the first attempt is no retry
	}
	for i, a := range t.attempts {
		if i > 0 {
			made.gap = max(made.gap, a.At-t.attempts[i-1].At)
		}
		made.last = t.start + a.At
	}
	return made
}

// useful is how many attempts carried a request of the call or were struck. Another
// connection is one that the client opens for what may come, as some pools do when
// one has ended, or to cancel what is under way: whether the audit still sees it
// depends on how soon the result is told. Where no request is seen, all count.
func (t *trigger) useful() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen := false
	for _, a := range t.attempts {
		if a.carried || a.Struck {
			n++
		}
		seen = seen || a.carried
	}
	if !seen {
		return len(t.attempts)
	}
	return n
}

// judgeSilence judges a client that did not come back. One attempt is never
// retrying, whenever it began.
func judgeSilence(o observation) finding {
	switch {
	case o.cell.Fault == point.Refuse:
		return found(verdict.Informational, "no result within %v: attempts at an address where nobody listens are not seen",
			o.limits.Time)
	case o.retrying:
		return found(verdict.Informational, "still retrying after %v: %s", o.limits.Time, counted(o.attempts, "attempt"))
	case o.retries == 0:
		return found(verdict.Hung, "no result within %v, and no attempt after the one that was struck", o.limits.Time)
	}
	return found(verdict.Hung, "no result within %v, and no attempt in the last %v, after %s", o.limits.Time,
		o.silence.Round(100*time.Millisecond), counted(o.attempts, "attempt"))
}
