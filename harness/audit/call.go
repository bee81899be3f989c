package audit

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"github.com/resetlab/resetlab/harness/audit/point"
)

// A starter is a [Client] that has to be loaded before it can begin with a call.
type starter interface {
	Starts(c Call) (starts bool, begun <-chan struct{})
}

// A pendingCall is a call that is under way.
type pendingCall struct {
	*trial
	done     chan Answer
	giveUp   context.CancelFunc
	loading  bool            // the client has not begun yet
	made     time.Duration   // when it began to be loaded, by the clock
	unseen   time.Duration   // if not 0, nothing shows when it begins, and this is what its start may take
	before   time.Duration   // for how long the client had waited for a processor when its time began
	delayed  time.Duration   // for how long it has since
	begun    <-chan struct{} // closed when it has; nil if that is not told
	deadline time.Duration   // when its time is over, by the clock
	slot     chan struct{}   // of the run's starts, to be given back; nil if none is held
}

// begin makes a call in a goroutine with the cell's pprof label, which goroutines
// that the client leaks inherit (see leaks.go). The client is loaded when there is
// room for it.
func (t *trial) begin(ctx context.Context, call Call) *pendingCall {
	p := &pendingCall{trial: t, done: make(chan Answer, 1)}
	if loaded, ok := t.client.(starter); ok {
		p.loading, p.begun = loaded.Starts(call)
	}
	if p.begun == nil && t.injector.accepted() == nil {
		p.loading = false // nothing would tell that it has begun
	}
	limit := t.limits.Time
	if p.loading {
		limit = t.limits.Start
		p.takeSlot(ctx)
	}
	select {
	case <-t.injector.accepted(): // of a call before
	default:
	}
	p.made = t.clock.now()
	p.beginsTo(limit)
	calling, giveUp := context.WithCancel(ctx)
	p.giveUp = giveUp
	client := t.client
	go pprof.Do(calling, pprof.Labels(cellLabel, t.run.idPrefix+t.cell.ID()), func(ctx context.Context) {
		defer func() {
			if r := recover(); r != nil {
				t.logPanic(r)
				p.done <- Answer{Err: fmt.Errorf("panic: %v", r)}
			}
		}()
		p.done <- client.Do(ctx, call)
	})
	return p
}

// takeSlot waits until fewer clients are being loaded than the machine can load
// at once.
func (p *pendingCall) takeSlot(ctx context.Context) {
	if p.starts == nil {
		return
	}
	select {
	case p.starts <- struct{}{}:
		p.slot = p.starts
	case <-ctx.Done():
	}
}

func (p *pendingCall) leaveSlot() {
	if p.slot != nil {
		<-p.slot
		p.slot = nil
	}
}

// begins notes that the client has begun with the call: its time begins.
func (p *pendingCall) begins() {
	p.leaveSlot()
	if p.loading {
		p.loaded(p.clock.now() - p.made)
	}
	p.loading, p.begun = false, nil
	p.beginsTo(p.limits.Time)
	p.injector.begins()
}

// beginsTo has a time begin in which the client is to do something.
func (p *pendingCall) beginsTo(limit time.Duration) {
	p.before, p.delayed = p.runDelay(), 0
	p.deadline = p.clock.now() + limit - p.excused()
}

// excused is how much time is not counted: that in which the client was kept from
// running, or waited for a processor.
func (p *pendingCall) excused() time.Duration { return p.suspension.lasted() + p.delayed }

// heed notes for how long the client has waited for a processor.
func (p *pendingCall) heed() {
	p.delayed = max(p.delayed, min(p.runDelay()-p.before, mostDelay*p.limits.Time))
}

// mostDelay bounds the time that is not counted, in times of a call: a client that
// is never idle always waits for a processor on a busy machine.
const mostDelay = 4

func (p *pendingCall) runDelay() time.Duration {
	if s, ok := p.client.(scheduled); ok {
		return s.RunDelay()
	}
	return 0
}

// beUnseen has a call's time begin though nothing shows when the client begins
// with it: only its first connection would, and nobody listens. Its start has
// what the slowest one has taken that was seen, several times over.
func (p *pendingCall) beUnseen() {
	if !p.loading || p.begun != nil {
		return
	}
	p.unseen = p.limits.Start
	if slowest := time.Duration(p.slowest.Load()); slowest > 0 {
		p.unseen = min(p.unseen, slowStarts*slowest)
	}
	p.deadline += p.limits.Time + p.unseen - p.limits.Start
}

// slowStarts is how many times longer than any other start that was seen one may
// take that is not seen.
const slowStarts = 4

// returns notes that the client has come back. One that tells when it begins,
// and was not heard of before, has begun just now.
func (p *pendingCall) returns() {
	if p.begun != nil {
		p.begins()
	}
	p.leaveSlot()
}

// await waits for the result until the call's time is over. Time in which this
// process was not run does not count, and a result that has come meanwhile does.
func (p *pendingCall) await(ctx context.Context) (answer Answer, returned bool) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(min(p.left(), p.limits.Late/4)) // its delay is known while it runs
		var accepted <-chan struct{}
		if p.loading {
			accepted = p.injector.accepted()
		}
		select {
		case answer = <-p.done:
			p.returns()
			return answer, true
		case <-p.begun:
			p.begins()
			continue
		case <-accepted:
			p.begins()
			continue
		case <-timer.C:
			p.heed()
		case <-ctx.Done():
		}
		if ctx.Err() == nil && p.left() > 0 {
			continue
		}
		select {
		case answer = <-p.done:
			p.returns()
			return answer, ctx.Err() == nil
		default:
			return Answer{}, false
		}
	}
}

// left is how much of the call's time is left.
func (p *pendingCall) left() time.Duration { return p.deadline + p.excused() - p.clock.now() }

// end gives the call up. A client that obeys its context comes back now; one
// that does not is left alone.
func (p *pendingCall) end(ctx context.Context) (answer Answer) {
	defer p.leaveSlot()
	p.giveUp()
	if p.loading && p.unseen == 0 && ctx.Err() == nil {
		answer.Unable = fmt.Errorf("the client has not begun with its call within %v (--budget start=…): "+
			"so many at once are too many for the machine (--parallel), or it does not read what it is told", p.limits.Start)
	}
	p.beginsTo(p.limits.Quiet)
	p.loading, p.begun = false, nil
	if late, back := p.await(ctx); back {
		late.Unable = answer.Unable
		return late
	}
	return answer
}

// do performs a call.
func (t *trial) do(ctx context.Context, call Call) (answer Answer, returned bool) {
	p := t.begin(ctx, call)
	defer p.giveUp()
	if answer, returned = p.await(ctx); !returned {
		answer = p.end(ctx)
	}
	return answer, returned
}

func (t *trial) logPanic(p any) {
	t.panicked = true
	t.logf("%s: panic: %v\n%s", t.cell.ID(), p, debug.Stack())
}

// newCall makes a call that nothing else has made.
func (t *trial) newCall(operation point.Operation, shape string) Call {
	c := Call{
		ID: t.newID(), Operation: operation, Shape: shape, Address: t.target.Address, Healthy: t.target.Healthy,
		TLS: t.subject.TLS != nil,
	}
	t.calls = append(t.calls, c)
	return c
}

// prime makes the call that opens a connection for the next one.
func (t *trial) prime(ctx context.Context) error {
	call := t.newCall(point.Read, t.place.Shape)
	answer, returned := t.do(ctx, call)
	err := answer.Err
	if answer.Unable != nil {
		err = answer.Unable
	}
	if err == nil && !returned {
		err = errors.New("no result")
	}
	if err == nil && t.place.Unanswered {
		err = t.awaitExecuted(ctx, call)
	}
	if err != nil {
		return fmt.Errorf("the call that opens the connection failed: %w", err)
	}
	return nil
}
