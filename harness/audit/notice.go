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
func (t *trial) awaitStrikes(ctx context.Context) {
	if t.cell.Fault == Refuse || t.cell.Fault == RSTStream {
		return // nothing of them comes later
	}
	bounded, cancel := t.pulse.within(ctx, busy*t.limits.Stall)
	defer cancel()
	told, _, _ := t.striker.struck()
	for t.strikesOver.Load() < int64(told) {
		select {
		case <-t.strikeOver:
		case <-bounded.Done():
			return
		}
	}
}

// noteStrike notes that a strike is over: the proxy has given both ends their endings.
func (t *trial) noteStrike(*harness.ArmedCut, harness.Strike) {
	t.strikesOver.Add(1)
	select {
	case t.strikeOver <- struct{}{}:
	default:
	}
}

// awaitNotice gives a client time to learn that connections have ended: until
// it has closed them, or for a while where it does not, or where that cannot
// be seen because its sockets are another process's.
func (t *trial) awaitNotice(ctx context.Context) {
	t.awaitStrikes(ctx)
	tick := time.NewTicker(t.limits.Stall / 20)
	defer tick.Stop()
	struck, visible := t.struckSockets()
	patience := t.limits.Stall
	if visible {
		patience *= busy // one that closes is not waited for
	}
	bounded, cancel := t.pulse.within(ctx, patience)
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
func (t *trial) struckSockets() (struck []descriptor, visible bool) {
	if !t.run.inProcess.Load() {
		return nil, false
	}
	sockets := openSockets()
	t.sockets.Lock()
	defer t.sockets.Unlock()
	for _, cut := range t.proxy.struck().Cuts() {
		for _, strike := range cut.Strikes {
			n := strike.Connection - 1
			if n >= len(t.sockets.inodes) || t.sockets.inodes[n] == 0 {
				return nil, false
			}
			if s, open := sockets[t.sockets.inodes[n]]; open {
				struck = append(struck, s)
			}
		}
	}
	return struck, true
}

// noteSocket remembers a client's socket. The first of a run tells whether its
// clients are in this process.
func (t *trial) noteSocket(inode uint32) {
	t.run.noteSocket(inode, t.cell.ID())
	t.run.looked.Do(func() {
		_, ours := openSockets()[inode]
		t.run.inProcess.Store(ours)
	})
	t.sockets.Lock()
	defer t.sockets.Unlock()
	t.sockets.inodes = append(t.sockets.inodes, inode)
}
