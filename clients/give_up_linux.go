package clients

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/lab"
)

// GiveUpAfter has the kernel give the connection up when what was sent has not
// been acknowledged for this long, in milliseconds at least (tcp(7),
// TCP_USER_TIMEOUT; RFC 5482).
func GiveUpAfter(c *lab.Conn, patience time.Duration) error {
	if patience < time.Millisecond {
		return fmt.Errorf("give up: patience is %v: allowed is a millisecond or more", patience)
	}
	socket, err := c.TCP().SyscallConn()
	if err != nil {
		return fmt.Errorf("give up: %w", err)
	}
	var failed error
	err = socket.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(patience.Milliseconds()))
	})
	return errors.Join(err, os.NewSyscallError("setsockopt", failed))
}
