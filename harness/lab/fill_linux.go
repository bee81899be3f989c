package lab

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// fill waits in the runtime's poller while the peer's kernel still takes what
// was written. When it has no room left there are bytes not yet sent
// (SIOCOUTQNSD), and only reading would make some.
func fill(conn *net.TCPConn) (written int, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("fill: %w", err)
	}
	chunk := make([]byte, 1<<14)
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		for failed == nil {
			n, err := unix.Write(int(fd), chunk)
			switch {
			case err == nil:
				written += n
			case err == unix.EAGAIN:
				stuck, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQNSD)
				failed = os.NewSyscallError("ioctl", err)
				return err != nil || stuck > 0
			case err != unix.EINTR:
				failed = os.NewSyscallError("write", err)
			}
		}
		return true
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		err = fmt.Errorf("fill: %w", err)
	}
	return written, err
}
