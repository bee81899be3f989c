package audit

import (
	"context"
	"slices"
	"time"
)

// busy is how much slower than usual a machine may be.
const busy = 10

// awaitStrikes waits until the proxy has done what the striker told it: a
// reply passes before the cut behind it.
func (t *trial) awaitStrikes(ctx context.Context, tick <-chan time.Time) {
	bounded, cancel := context.WithTimeout(ctx, busy*t.limits.Stall)
	defer cancel()
	told, _, _ := t.striker.struck()
	for bounded.Err() == nil {
		done := 0
		for _, cut := range t.proxy.struck().Cuts() {
			done += len(cut.Strikes)
		}
		if done >= told {
			return
		}
		select { // there is no event for it
		case <-tick:
		case <-bounded.Done():
		}
	}
}

// awaitNotice gives a client time to learn that connections have ended: until
// it has closed them, or for a while where it does not, or where that cannot
// be seen.
func (t *trial) awaitNotice(ctx context.Context) {
	tick := time.NewTicker(t.limits.Stall / 20)
	defer tick.Stop()
	t.awaitStrikes(ctx, tick.C)
	struck := t.struckSockets()
	patience := t.limits.Stall
	if len(struck) > 0 {
		patience *= busy // one that closes is not waited for
	}
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for bounded.Err() == nil {
		select { // there is no event for somebody else's closing
		case <-tick.C:
		case <-bounded.Done():
		}
		open := openSockets()
		if len(struck) > 0 && !slices.ContainsFunc(struck, func(inode uint32) bool { return open[inode] }) {
			return
		}
	}
}

// struckSockets returns the sockets of this process whose connections a cut
// has ended.
func (t *trial) struckSockets() (inodes []uint32) {
	open := openSockets()
	t.sockets.Lock()
	defer t.sockets.Unlock()
	for _, cut := range t.proxy.struck().Cuts() {
		for _, strike := range cut.Strikes {
			if n := strike.Connection - 1; n < len(t.sockets.inodes) && open[t.sockets.inodes[n]] {
				inodes = append(inodes, t.sockets.inodes[n])
			}
		}
	}
	return inodes
}

// noteSocket remembers a client's socket.
func (t *trial) noteSocket(inode uint32) {
	t.run.noteSocket(inode, t.cell.ID())
	t.sockets.Lock()
	defer t.sockets.Unlock()
	t.sockets.inodes = append(t.sockets.inodes, inode)
}
