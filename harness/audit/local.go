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
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A localInjector strikes a cell by proxies of this process.
type localInjector struct {
	*run
	cell       point.Cell
	place      point.Place
	source     netip.Addr // the cell's own
	suspension *suspension
	trigger    *trigger
	watch      func(connection int) harness.Watcher // of the proxy that is struck
	faulty     *harness.Proxy
	healthy    *harness.Proxy // the other one, for Backend
	elsewhere  int            // connections to that, once it is closed
	closed     *harness.Proxy // the faulty one, once it is

	sockets struct { // the clients' ends of the connections, by inode, in the order of accepting
		sync.Mutex
		inodes []uint32
	}
	dialled       atomic.Int64  // connections made to the origin
	portless      atomic.Bool   // one could not be made for want of a port
	connected     chan struct{} // gets a value when a client connects; it has room for one
	lastConnected atomic.Int64  // when one last did, by the clock
	strikesOver   atomic.Int64  // strikes whose connection's ends have got their endings
	strikeOver    chan struct{} // gets a value when there is one more; it has room for one

	waiters   sync.WaitGroup // for what has no event
	barrier   barrier
	recording Recording // nil if the cell is not recorded
	recorded  bool      // it has been stopped
	strikes   *strikes  // nil: nobody asks when they were
	coverage  *coverage // nil: this is no rehearsal

	toClient int64      // bytes that the client had got before the follow-up
	used     func() use // what the follow-up goes over
}

// newLocalInjector makes the injector of a trial, with an address of its own.
func newLocalInjector(t *trial) *localInjector {
	l := &localInjector{
		run: t.run, cell: t.cell, place: t.place, suspension: t.suspension, source: t.addresses.take(),
		connected: make(chan struct{}, 1), strikeOver: make(chan struct{}, 1),
	}
	l.trigger = &trigger{
		subject: l.subject, cell: l.cell, place: l.place, limits: l.limits, clock: l.clock,
		hits: make(chan struct{}, 1), came: map[int]int64{}, paced: map[int]*watchedConn{},
	}
	l.watch = l.timed
	return l
}

func (l *localInjector) open(ctx context.Context) (target Target, err error) {
	if err := l.record(); err != nil {
		return Target{}, err
	}
	own := netip.AddrPortFrom(l.source, 0).String()
	if l.faulty, err = l.newProxy(own, l.watch); err != nil {
		return Target{}, err
	}
	target.Address = l.faulty.Addr()
	if l.cell.Repeat == point.Backend {
		if l.healthy, err = l.newProxy(own, nil); err != nil {
			return Target{}, errors.Join(err, l.close(false))
		}
		target.Healthy = l.healthy.Addr()
	}
	return target, nil
}

func (l *localInjector) accepted() <-chan struct{} { return l.connected }

func (l *localInjector) begins() { l.trigger.begins() }

// arm also does what has to be done before the call: refusing, and ending an
// idle connection, of which the client is given time to learn.
func (l *localInjector) arm(ctx context.Context, c Call, tooMany context.CancelFunc) error {
	if l.coverage != nil {
		l.coverage.begin(c)
		l.coverage.before = l.dialled.Load()
		return nil
	}
	l.trigger.arm(c, tooMany, func() { l.keepStill(ctx) })
	defer l.trigger.begins()
	switch {
	case l.cell.Fault == point.Refuse:
		l.trigger.struckIdle(1)
		return l.faulty.Refuse()
	case !l.place.Idle:
		return nil
	}
	client, server := endings(l.cell.Fault)
	at := time.Now()
	cut, err := l.faulty.Cut(harness.Cut{Now: true, Toward: harness.Client, With: client, Opposite: server})
	if err != nil {
		return err
	}
	report := cut.Report()
	l.trigger.struckIdle(report.Count)
	l.timedIdle(at, report)
	l.awaitClosed(ctx)
	return ctx.Err()
}

func (l *localInjector) disarm(ctx context.Context, o *observation) (card string, err error) {
	l.awaitStrike(ctx, o)
	if idle := l.trigger.disarm(); o.returned {
		o.waited = idle
	}
	if l.recording != nil || l.cell.Fault == point.ReadRST {
		l.awaitStrikes(ctx) // for the card to show them, and a RST may wait for the client
	}
	return l.stopRecording()
}

// close waits, where letPass, until what a client that is closed now has sent
// is through.
func (l *localInjector) close(letPass bool) error {
	var problems []error
	if l.faulty != nil {
		if letPass {
			l.awaitRest(context.Background()) // a client that leaks its connection is not waited for long
		}
		problems = append(problems, l.faulty.Close())
		l.closed, l.faulty = l.faulty, nil
	}
	if l.healthy != nil {
		l.elsewhere = len(l.healthy.Connections())
		problems = append(problems, l.healthy.Close())
		l.healthy = nil
	}
	l.waiters.Wait()
	_, err := l.stopRecording()
	return errors.Join(append(problems, err)...)
}

func (l *localInjector) settle(ctx context.Context, origin settler) error {
	return origin.Settle(ctx, l.source, int(l.dialled.Load()))
}

func (l *localInjector) forget(origin settler, calls []Call) { origin.Forget(l.source, calls...) }

func (l *localInjector) result(_ context.Context, o *observation, r *verdict.Result) error {
	o.strikes, r.Attempts, r.Cut = l.trigger.struck()
	o.attempts, r.Elsewhere = len(r.Attempts)+l.elsewhere, l.elsewhere
	o.useful, o.nameless = l.trigger.useful()+l.elsewhere, l.trigger.nameless()
	if err := l.inexactly(o.strikes); err != nil {
		return err
	}
	if l.cell.Fault == point.Unread && unreadBy(l.closed) < o.strikes {
		return fmt.Errorf("%d of %d strikes found nothing unread", o.strikes-unreadBy(l.closed), o.strikes)
	}
	return nil
}

// retry has a cell run again that found no port to connect from.
func (l *localInjector) retry(ctx context.Context) (again bool, err error) {
	if !l.portless.Load() || ctx.Err() != nil {
		return false, nil
	}
	err = l.awaitPort(ctx)
	return err == nil, err
}
