package harness_test

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

// awaitFullSendBuffer waits until a connection that somebody floods takes no
// more, and neither do the buffers behind it (poll(2), POLLOUT), or until the
// flood has ended.
func awaitFullSendBuffer(t testing.TB, conn *net.TCPConn, flooded <-chan struct{}) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	const often = 10_000 // polls in a row: what is full only for a moment empties in between
	full := 0
	await(t, "a full send buffer", func() bool {
		select {
		case <-flooded:
			return true
		default:
		}
		fds := []unix.PollFd{{Events: unix.POLLOUT}}
		raw.Control(func(fd uintptr) {
			fds[0].Fd = int32(fd)
			unix.Poll(fds, 0)
		})
		full++
		if fds[0].Revents != 0 {
			full = 0
		}
		return full >= often
	})
}
