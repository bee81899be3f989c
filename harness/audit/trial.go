package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A trial is one cell being run: its client, and the injector that strikes it.
type trial struct {
	*run
	cell      point.Cell
	place     point.Place
	injector  injector
	target    Target // where the client finds the server
	client    Client
	calls     []Call
	panicked  bool
	succeeded bool     // the client has reported success
	left      []string // what the client says that it has left behind

	suspension *suspension // of the client
}

// cellLabel is the profiler's label by which a goroutine that a client left
// behind is attributed to its cell.
const cellLabel = "resetlab.cell"

// newTrial prepares a trial, which the run's injector strikes.
func (r *run) newTrial(cell point.Cell, place point.Place) *trial {
	if r.server == nil {
		t, _ := r.newLocalTrial(cell, place)
		return t
	}
	t := &trial{run: r, cell: cell, place: place, suspension: &suspension{}}
	t.injector = newRemoteInjector(t)
	return t
}

// newLocalTrial prepares a trial that this process strikes.
func (r *run) newLocalTrial(cell point.Cell, place point.Place) (*trial, *localInjector) {
	t := &trial{run: r, cell: cell, place: place, suspension: &suspension{}}
	l := newLocalInjector(t)
	t.injector = l
	return t, l
}

// try runs a cell. An error is the audit's own.
func (r *run) try(ctx context.Context, cell point.Cell) tried {
	place, _ := r.place(cell.Place)
	for {
		t := r.newTrial(cell, place)
		began, starved := time.Now(), r.clock.starved()
		result, err := t.observe(ctx)
		again, hindered := t.injector.retry(ctx)
		if again {
			continue // all of it: the client was let down
		}
		if hindered != nil {
			result, err = verdict.Result{}, hindered
		}
		return tried{t.finish(began, result, err), r.clock.starved() - starved}
	}
}

// finish completes the result of a trial.
func (t *trial) finish(began time.Time, result verdict.Result, err error) verdict.Result {
	cell := t.cell
	if err != nil {
		result.Verdict = verdictOf(found(verdict.Broken, "%v", err))
	}
	if t.panicked {
		result.Verdict = result.Verdict.With(verdict.Panicked)
	}
	result.ID, result.Place, result.Fault = cell.ID(), cell.Place, cell.Fault
	result.Repeat, result.Operation = cell.Repeat, cell.Operation
	result.Duration = time.Since(began)
	return result
}

func (t *trial) observe(ctx context.Context) (result verdict.Result, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	budget, tooMany := context.WithCancel(ctx)
	defer tooMany()
	defer func() { err = errors.Join(err, t.close()) }()
	if err := t.open(ctx); err != nil {
		return verdict.Result{}, err
	}
	call, err := t.ready(ctx, tooMany)
	if err != nil {
		return verdict.Result{}, err
	}
	o := observation{cell: t.cell, place: t.place, limits: t.limits, overTLS: t.subject.TLS != nil}
	if err := t.perform(budget, call, &o); err != nil {
		return verdict.Result{}, err
	}
	if o.answer.Unable != nil {
		return verdict.Result{}, o.answer.Unable
	}
	t.succeeded = o.returned && o.answer.Err == nil
	card, err := t.injector.disarm(ctx, &o)
	if err != nil {
		return verdict.Result{}, err
	}
	followUp, err := t.followUp(ctx)
	if err != nil {
		return verdict.Result{}, err
	}
	result, err = t.conclude(ctx, call, o, followUp)
	result.Card = withSaid(card, result)
	return result, err
}

// ready brings everything to where the call is made, and returns it.
func (t *trial) ready(ctx context.Context, tooMany context.CancelFunc) (call Call, err error) {
	if t.place.Primed {
		if err := t.prime(ctx); err != nil {
			return Call{}, err
		}
	}
	call = t.newCall(t.cell.Operation, t.place.Shape)
	return call, t.injector.arm(ctx, call, tooMany)
}

// conclude ends everything, so that nothing can still be executed, and judges.
func (t *trial) conclude(ctx context.Context, call Call, o observation, next followUp) (verdict.Result, error) {
	if err := t.close(); err != nil {
		return verdict.Result{}, fmt.Errorf("close: %w", err)
	}
	var err error
	if o.account, err = t.account(ctx, call); err != nil {
		return verdict.Result{}, err
	}
	result := verdict.Result{Executed: o.account.Executed, Discarded: o.account.Discarded}
	o.want, o.sampled = t.reply(call)
	if err := t.injector.result(ctx, &o, &result); err != nil {
		return verdict.Result{}, err
	}
	result.Strikes, result.Verdict = o.strikes, judge(o)
	if next.wrong != nil {
		if o.strikes > 0 { // otherwise nothing can have poisoned it
			result.Verdict = result.Verdict.With(verdict.PoolPoisoned)
			if next.over != "" {
				result.Verdict.Reason += "; " + next.over
			}
		}
		result.FollowUp = next.wrong.Error()
	}
	for _, leak := range append(o.answer.Leaks, t.left...) {
		result.Verdict = result.Verdict.With(verdict.Hygiene(leak))
	}
	describe(&result, o)
	result.Known = o.known(result.Attempts, result.Verdict)
	return result, nil
}

// open has the injector listen, and opens the client.
func (t *trial) open(ctx context.Context) (err error) {
	if t.target, err = t.injector.open(ctx); err != nil {
		return err
	}
	if t.client, err = t.subject.Open(ctx, t.target); err != nil {
		t.client = nil
		return errors.Join(fmt.Errorf("open the client: %w", err), t.close())
	}
	t.suspension.of, _ = t.client.(suspender)
	return nil
}

// close gives back everything that is still there.
func (t *trial) close() error {
	t.suspension.end()
	var failed error
	trusted := t.client != nil && (t.place.Unanswered || t.succeeded) // no reply may have told it so
	if t.client != nil {
		failed = t.client.Close()
		if leaving, ok := t.client.(leaver); ok {
			t.left = leaving.Left()
		}
		t.client = nil
	}
	return errors.Join(failed, t.injector.close(trusted))
}

// account asks the origin what it did for a call when it is done with all that
// the cell sent it, and has it forget the cell.
func (t *trial) account(ctx context.Context, call Call) (Account, error) {
	if origin, ok := t.subject.Origin.(settler); ok {
		defer t.injector.forget(origin, t.calls)
		bounded, cancel := t.clock.within(ctx, t.limits.Time)
		defer cancel()
		if err := t.injector.settle(bounded, origin); err != nil {
			return Account{}, fmt.Errorf("await the end of what the origin does: %w", err)
		}
	}
	account, err := t.subject.Origin.Account(ctx, call)
	if err != nil {
		return Account{}, fmt.Errorf("ask the origin: %w", err)
	}
	return account, nil
}
