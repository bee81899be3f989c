package lab

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// chooseLate has the kernel choose a port when the socket connects, not when
// it is bound: then one that is free for this server will do, though others
// hold it (ip(7), IP_BIND_ADDRESS_NO_PORT).
func chooseLate(_, _ string, socket syscall.RawConn) error {
	var failed error
	err := socket.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
	if err == nil {
		err = os.NewSyscallError("set IP_BIND_ADDRESS_NO_PORT", failed)
	}
	return err
}
