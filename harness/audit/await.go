package audit

import (
	"context"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// slack is how much slower than usual a machine may be: what is waited for may
// take so many times Limits.Stall.
const slack = 10

// awaitStrike waits for the strike where a client reports success without one:
// it may have answered before what it sent has got there, as it does where no
// reply is asked for. The wait ends with the client's connections.
func (l *localInjector) awaitStrike(ctx context.Context, o *observation) {
	if l.place.Idle || l.cell.Fault == point.Refuse || !o.returned || o.answer.Err != nil || o.answer.Unimplemented {
		return
	}
	bounded, cancel := l.clock.within(ctx, slack*l.limits.Stall)
	defer cancel()
	select {
	case <-l.trigger.hits:
		return
	default:
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		l.awaitEnds(bounded)
	}()
	select {
	case <-l.trigger.hits:
	case <-over:
	}
	cancel()
	<-over
}

// awaitStrikes waits until the strikes that the trigger asked for are over: a
// reply passes before the cut behind it, and a RST waits for what is before it.
func (l *localInjector) awaitStrikes(ctx context.Context) {
	if l.cell.Fault == point.Refuse || l.cell.Fault == point.RSTStream || l.cell.Fault.Harmless() {
		return // nothing of them comes later
	}
	bounded, cancel := l.clock.within(ctx, slack*l.limits.Stall)
	defer cancel()
	asked, _, _ := l.trigger.struck()
	for l.strikesOver.Load() < int64(asked) {
		select {
		case <-l.strikeOver:
		case <-bounded.Done():
			return
		}
	}
}

// noteStrike notes that a strike is over: the proxy has given both ends their endings.
func (l *localInjector) noteStrike(*harness.ArmedCut, harness.Strike) {
	l.strikesOver.Add(1)
	select {
	case l.strikeOver <- struct{}{}:
	default:
	}
}

// awaitClosed gives a client time to learn that connections have ended: until
// it has closed them, or for a while where it does not, or where that cannot
// be seen because its sockets are another process's.
func (l *localInjector) awaitClosed(ctx context.Context) {
	l.awaitStrikes(ctx)
	tick := time.NewTicker(l.limits.Stall / 20)
	defer tick.Stop()
	struck, visible := l.struckSockets()
	patience := l.limits.Stall
	if visible {
		patience *= slack // one that closes is not waited for
	}
	bounded, cancel := l.clock.within(ctx, patience)
	defer cancel()
	for bounded.Err() == nil {
		if visible && !slices.ContainsFunc(struck, descriptor.open) {
			return
		}
		select { // there is no event for somebody else's closing
		case <-tick.C:
		case <-bounded.Done():
		}
	}
}

// struckSockets returns the open sockets of this process whose connections a
// cut has ended, and whether one could see them.
func (l *localInjector) struckSockets() (struck []descriptor, visible bool) {
	if !l.run.inProcess.Load() {
		return nil, false
	}
	sockets := openSockets()
	l.sockets.Lock()
	defer l.sockets.Unlock()
	for _, cut := range l.faulty.Cuts() {
		for _, strike := range cut.Strikes {
			n := strike.Connection - 1
			if n >= len(l.sockets.inodes) || l.sockets.inodes[n] == 0 {
				return nil, false
			}
			if s, open := sockets[l.sockets.inodes[n]]; open {
				struck = append(struck, s)
			}
		}
	}
	return struck, true
}

// noteSocket remembers a client's socket. The first of a run tells whether its
// clients are in this process.
func (l *localInjector) noteSocket(inode uint32) {
	l.run.noteSocket(inode, l.cell.ID())
	l.run.looked.Do(func() {
		_, ours := openSockets()[inode]
		l.run.inProcess.Store(ours)
	})
	l.sockets.Lock()
	defer l.sockets.Unlock()
	l.sockets.inodes = append(l.sockets.inodes, inode)
}

// awaitEnds waits until the client's connections have ended, and so all has
// passed that it sent, or the context ends.
func (l *localInjector) awaitEnds(ctx context.Context) {
	l.barrier.pass(ctx, l.dialBarrier)
	l.faulty.AwaitIdle(ctx)
}

// awaitRest waits until what a client sent that has come back has passed: until
// its connections have ended, or for a while if it keeps them.
func (l *localInjector) awaitRest(ctx context.Context) {
	bounded, cancel := l.clock.within(ctx, slack*l.limits.Stall)
	defer cancel()
	l.awaitEnds(bounded)
}
