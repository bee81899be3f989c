package lab

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// chooseLate lets connect choose the port and not bind, so that one port can
// serve connections to several addresses (ip(7), IP_BIND_ADDRESS_NO_PORT).
func chooseLate(_, _ string, socket syscall.RawConn) error {
	var failed error
	err := socket.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
	if err != nil {
		return err
	}
	return failed
}
