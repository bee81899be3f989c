package audit

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// A trial is one cell being run: its own proxy, client, address.
type trial struct {
	*run
	cell     Cell
	place    Place
	source   netip.Addr
	striker  *striker
	proxy    *way
	healthy  *way // the other one, for Backend
	address  string
	client   Client
	panicky  bool
	poison   string   // what the call afterwards that failed went over
	trusting bool     // the client has reported success
	left     []string // what the client says that it has left behind
	calls    []Call

	watch   func(connection int) harness.Watcher
	sockets struct { // the clients' ends of the connections, by inode, in the order of accepting
		sync.Mutex
		inodes []uint32
	}
	dialled     atomic.Int64  // connections made to the origin
	portless    atomic.Bool   // one could not be made for want of a port
	arrivals    chan struct{} // gets a word when a client connects; it has room for one. Nil: that is not seen
	lastArrival atomic.Int64  // when one last did, by pulse
	strikesOver atomic.Int64  // strikes whose connection's ends have got their endings
	strikeOver  chan struct{} // gets a word when there is one more; it has room for one

	suspension suspension     // of the client
	waiters    sync.WaitGroup // for what has no event

	mark      mark
	recording Recording // nil if the cell is not recorded
	toldAll   bool      // it has been stopped
	strikes   *strikes  // nil: nobody asks when they were
}

// labelled is the profiler's label by which a goroutine that a client left
// behind is attributed to its cell.
const labelled = "resetlab.cell"

// newTrial prepares a trial with an address of its own.
func (r *run) newTrial(cell Cell, place Place) *trial {
	return &trial{
		run: r, cell: cell, place: place, source: r.addresses.take(),
		arrivals: make(chan struct{}, 1), strikeOver: make(chan struct{}, 1),
	}
}

// try runs a cell. An error is the audit's own.
func (r *run) try(ctx context.Context, cell Cell) Result {
	place, _ := r.place(cell.Place)
	for {
		t := r.newTrial(cell, place)
		began, lost := time.Now(), r.pulse.lost()
		result, err := t.observe(ctx)
		if t.portless.Load() && ctx.Err() == nil {
			if err = t.awaitPort(ctx); err == nil {
				continue // all of it again: the client was let down
			}
			result = Result{}
		}
		result = t.finish(began, result, err)
		result.lost = r.pulse.lost() - lost
		return result
	}
}

// finish completes the result of a trial.
func (t *trial) finish(began time.Time, result Result, err error) Result {
	cell := t.cell
	if err != nil {
		result.Verdict = verdictOf(found(Broken, "%v", err))
	}
	if t.panicky {
		result.Verdict = withHygiene(result.Verdict, Panicked)
	}
	result.ID, result.Place, result.Fault = cell.ID(), cell.Place, cell.Fault
	result.Repeat, result.Operation = cell.Repeat, cell.Operation
	result.Duration = time.Since(began)
	return result
}

func (t *trial) observe(ctx context.Context) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	budget, tooMany := context.WithCancel(ctx)
	defer tooMany()
	t.striker = &striker{
		subject: t.subject, cell: t.cell, place: t.place, limits: t.limits, tooMany: tooMany, pulse: t.run.pulse,
		hits: make(chan struct{}, 1), came: map[int]int64{},
	}
	t.striker.suspend = func() { t.keepStill(ctx) }
	t.watch = t.timed
	if err := t.record(); err != nil {
		return Result{}, err
	}
	defer t.told()
	if err := t.open(ctx); err != nil {
		return Result{}, err
	}
	defer t.close()
	call, err := t.ready(ctx)
	if err != nil {
		return Result{}, err
	}
	o := observation{cell: t.cell, place: t.place, limits: t.limits}
	t.perform(budget, call, &o)
	if o.answer.Unable != nil {
		return Result{}, o.answer.Unable
	}
	t.trusting = o.returned && o.answer.Err == nil
	t.awaitStrike(ctx, o)
	if silence := t.striker.disarm(); o.returned {
		o.waited = silence
	}
	if t.recording != nil || t.cell.Fault == ReadRST {
		t.awaitStrikes(ctx) // for the card to show them, and a RST may wait for the client
	}
	card, err := t.told()
	if err != nil {
		return Result{}, err
	}
	followed, err := t.followUp(ctx, o.returned && o.answer.Err == nil)
	if err != nil {
		return Result{}, err
	}
	result, err := t.conclude(ctx, call, o, followed)
	result.Card = result.under(card)
	return result, err
}

// ready brings everything to where the call is made, and returns it.
func (t *trial) ready(ctx context.Context) (call Call, err error) {
	if t.place.Primed {
		if err := t.prime(ctx); err != nil {
			return Call{}, err
		}
	}
	call = t.newCall(t.cell.Operation, t.place.Shape)
	t.striker.arm(call)
	err = t.strikeFirst(ctx)
	t.striker.begins()
	return call, err
}

// conclude ends everything, so that nothing can still be executed, and judges.
func (t *trial) conclude(ctx context.Context, call Call, o observation, followed error) (Result, error) {
	elsewhere := 0
	if t.healthy != nil {
		elsewhere = len(t.healthy.outer.Connections())
	}
	struck := t.proxy
	if err := t.close(); err != nil {
		return Result{}, fmt.Errorf("close: %w", err)
	}
	var err error
	if o.account, err = t.account(ctx, call); err != nil {
		return Result{}, err
	}
	result := Result{Executed: o.account.Executed, Discarded: o.account.Discarded}
	o.want, o.sampled = t.reply(call)
	o.strikes, result.Attempts, result.Cut = t.striker.struck()
	if err := t.inexactly(o.strikes); err != nil {
		return Result{}, err
	}
	if t.cell.Fault == Unread && struck.unread() < o.strikes {
		return Result{}, fmt.Errorf("%d of %d strikes found nothing unread", o.strikes-struck.unread(), o.strikes)
	}
	o.attempts = len(result.Attempts) + elsewhere
	result.Verdict = judge(o)
	if followed != nil {
		if o.strikes > 0 { // otherwise nothing can have poisoned it
			result.Verdict = withHygiene(result.Verdict, PoolPoisoned)
			result.Verdict.Reason += "; " + t.poison
		}
		result.FollowUp = followed.Error()
	}
	for _, leak := range append(o.answer.Leaks, t.left...) {
		result.Verdict = withHygiene(result.Verdict, Hygiene(leak))
	}
	result.Strikes, result.Elsewhere = o.strikes, elsewhere
	result.describe(o)
	result.Known = o.known(result.Attempts, result.Verdict)
	return result, nil
}

// open starts the proxy, the other way if there is one, and the client.
func (t *trial) open(ctx context.Context) error {
	own := netip.AddrPortFrom(t.source, 0).String()
	var err error
	if t.proxy, err = t.newWay(own, t.watch); err != nil {
		return err
	}
	t.address = t.proxy.Addr()
	target := Target{Address: t.address}
	if t.cell.Repeat == Backend {
		if t.healthy, err = t.newWay(own, nil); err != nil {
			return errors.Join(err, t.proxy.Close())
		}
		target.Healthy = t.healthy.Addr()
	}
	if t.client, err = t.subject.Open(ctx, target); err != nil {
		t.client = nil
		t.close()
		return fmt.Errorf("open the client: %w", err)
	}
	t.suspension.of, _ = t.client.(Suspender)
	return nil
}

// close gives back everything that is still there.
func (t *trial) close() error {
	var problems []error
	t.suspension.end()
	if t.client != nil {
		problems = append(problems, t.client.Close())
		if leaver, ok := t.client.(Leaver); ok {
			t.left = leaver.Left()
		}
		t.client = nil
		t.letPass()
	}
	if t.proxy != nil {
		problems = append(problems, t.proxy.Close())
		t.proxy = nil
	}
	if t.healthy != nil {
		problems = append(problems, t.healthy.Close())
		t.healthy = nil
	}
	t.waiters.Wait()
	return errors.Join(problems...)
}

// account asks the origin what it did for a call when it is done with all that
// the cell sent it, and has it forget the cell.
func (t *trial) account(ctx context.Context, call Call) (Account, error) {
	if settler, ok := t.subject.Origin.(Settler); ok {
		defer settler.Forget(t.source, t.calls...)
		bounded, cancel := t.pulse.within(ctx, t.limits.Time)
		defer cancel()
		if err := settler.Settle(bounded, t.source, int(t.dialled.Load())); err != nil {
			return Account{}, fmt.Errorf("await the end of what the origin does: %w", err)
		}
	}
	account, err := t.subject.Origin.Account(ctx, call)
	if err != nil {
		return Account{}, fmt.Errorf("ask the origin: %w", err)
	}
	return account, nil
}

// strikeFirst does what has to be done before the call: refusing, and ending
// an idle connection, of which the client is given time to learn.
func (t *trial) strikeFirst(ctx context.Context) error {
	switch {
	case t.cell.Fault == Refuse:
		t.striker.struckIdle(1)
		return t.proxy.outer.Refuse()
	case !t.place.Idle:
		return nil
	}
	client, server := endings(t.cell.Fault)
	at := time.Now()
	cut, err := t.proxy.inner.Cut(harness.Cut{Now: true, Toward: harness.Client, With: client, Opposite: server})
	if err != nil {
		return err
	}
	report := cut.Report()
	t.striker.struckIdle(report.Count)
	t.timedIdle(at, report)
	t.awaitNotice(ctx)
	return ctx.Err()
}
