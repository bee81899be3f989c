package lab

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"
)

// AwaitConnection waits until a connection can be accepted, and leaves it in
// the queue (poll(2) on a listening socket: POLLIN). Linux only;
// errors.ErrUnsupported elsewhere.
func (l *Listener) AwaitConnection(ctx context.Context) error {
	for ctx.Err() == nil {
		var events int16
		err := control(l.tcp, "poll", func(fd int) error {
			// The runtime's poller is closed to listeners. The 100 ms bound
			// how long an ended context goes unnoticed, nothing else.
			fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			_, err := unix.Poll(fds, 100)
			events = fds[0].Revents
			if err == unix.EINTR {
				return nil
			}
			return err
		})
		if err != nil || events&unix.POLLIN != 0 {
			return err
		}
	}
	return fmt.Errorf("await a connection at %s: %w", l.Addr(), givenUp(ctx))
}
