package audit

import (
	"context"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// busy is how much slower than usual a machine may be.
const busy = 10

// awaitStrikes waits until the proxy has done what the striker told it: a
// reply passes before the cut behind it, and a RST waits for what is before it.
func (l *localInjector) awaitStrikes(ctx context.Context) {
	if l.cell.Fault == Refuse || l.cell.Fault == RSTStream {
		return // nothing of them comes later
	}
	bounded, cancel := l.pulse.within(ctx, busy*l.limits.Stall)
	defer cancel()
	told, _, _ := l.striker.struck()
	for l.strikesOver.Load() < int64(told) {
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

// awaitNotice gives a client time to learn that connections have ended: until
// it has closed them, or for a while where it does not, or where that cannot
// be seen because its sockets are another process's.
func (l *localInjector) awaitNotice(ctx context.Context) {
	l.awaitStrikes(ctx)
	tick := time.NewTicker(l.limits.Stall / 20)
	defer tick.Stop()
	struck, visible := l.struckSockets()
	patience := l.limits.Stall
	if visible {
		patience *= busy // one that closes is not waited for
	}
	bounded, cancel := l.pulse.within(ctx, patience)
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
	for _, cut := range l.proxy.struck().Cuts() {
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
