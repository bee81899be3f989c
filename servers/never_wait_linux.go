package servers

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/lab"
)

// NeverWaitForFinish has the kernel forget the connection, with a RST, as soon
// as the peer has acknowledged the FIN of its close, without waiting for the
// peer's (tcp(7), TCP_LINGER2 below 0).
func NeverWaitForFinish(c *lab.Conn) error {
	socket, err := c.TCP().SyscallConn()
	if err != nil {
		return fmt.Errorf("never wait for FIN: %w", err)
	}
	var failed error
	err = socket.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_LINGER2, -1)
	})
	return errors.Join(err, os.NewSyscallError("setsockopt", failed))
}
