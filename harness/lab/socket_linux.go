package lab

import (
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// A pollEvent is what to wait for, in poll(2)'s words.
type pollEvent int16

const (
	pollReset    pollEvent = unix.POLLERR
	pollFinish   pollEvent = unix.POLLRDHUP
	pollReadable pollEvent = unix.POLLIN
)

// awaitEvent waits in the runtime's poller, asking poll(2) whenever something
// about the socket has changed. Nothing is read, no error is taken.
func awaitEvent(conn *net.TCPConn, event pollEvent) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("await an event: %w", err)
	}
	var seen int16
	err = raw.Read(func(fd uintptr) bool {
		seen = polled(fd)
		return seen&int16(event) != 0
	})
	if err != nil {
		return fmt.Errorf("await an event: %w", err)
	}
	if event == pollFinish && seen&unix.POLLERR != 0 {
		return fmt.Errorf("await a FIN: a RST came: %w", syscall.ECONNRESET)
	}
	return nil
}

// polled returns the poll events that are there now.
func polled(fd uintptr) int16 {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLRDHUP}}
	for {
		if _, err := unix.Poll(fds, 0); err != unix.EINTR {
			return fds[0].Revents
		}
	}
}

func socketError(conn *net.TCPConn) error {
	return control(conn, "getsockopt", func(fd int) error {
		code, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err == nil && code != 0 {
			err = syscall.Errno(code)
		}
		return err
	})
}

// disconnect is connect(2) with an address of the family AF_UNSPEC, which
// x/sys cannot express (net/ipv4/tcp.c, tcp_disconnect).
func disconnect(conn *net.TCPConn) error {
	return control(conn, "connect", func(fd int) error {
		return connectUnspec(fd)
	})
}

func control(conn syscall.Conn, call string, do func(fd int) error) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("%s: %w", call, err)
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = do(int(fd)) }); err != nil {
		return fmt.Errorf("%s: %w", call, err)
	}
	return os.NewSyscallError(call, inner)
}
