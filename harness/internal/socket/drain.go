// Package socket asks the kernel what Go's sockets do not tell.
package socket

import (
	"context"
	"net"
	"time"
)

// Drain waits until the kernel of conn's peer has taken what was written. There
// is no event for that, hence this loop, which waits longer and longer; it
// gives up when nothing has been taken for as long as patience, when the peer
// will take nothing more, or with the context. It returns how many bytes are
// left, a FIN counted as one.
func Drain(ctx context.Context, conn *net.TCPConn, patience time.Duration) (left int64) {
	const longest = 2 * time.Millisecond
	pause := 20 * time.Microsecond
	last, since := int64(-1), time.Now()
	for {
		left, taking := unsent(conn)
		if left != last {
			last, since = left, time.Now()
		}
		if left == 0 || !taking || ctx.Err() != nil || time.Since(since) >= patience {
			return left
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
		pause = min(2*pause, longest)
	}
}
