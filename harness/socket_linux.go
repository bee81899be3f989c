package harness

import (
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// unsent returns how many bytes written to conn its peer's kernel may not
// have: for a peer on this machine those not yet sent (SIOCOUTQNSD), since
// loopback delivers as it sends and the ACK may come 40 ms later; for others
// those not acknowledged (SIOCOUTQ). Both count a FIN as one byte
// (net/ipv4/tcp.c, tcp_ioctl).
func unsent(conn *net.TCPConn) (int64, error) {
	request := uint(unix.SIOCOUTQ)
	if onThisMachine(conn) {
		request = unix.SIOCOUTQNSD
	}
	var left int
	err := control(conn, func(fd uintptr) (err error) {
		left, err = unix.IoctlGetInt(int(fd), request)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("bytes in the send queue: %w", err)
	}
	return int64(left), nil
}

// hungUp says whether the socket is closed in both directions without our
// doing: a RST has come, even if its error was handed out already (poll(2),
// POLLHUP). Meaningful while we have not sent a FIN ourselves.
func hungUp(conn *net.TCPConn) bool {
	var up bool
	control(conn, func(fd uintptr) error {
		up = polled(fd)&(unix.POLLHUP|unix.POLLERR) != 0
		return nil
	})
	return up
}

// awaitReset blocks until a RST has come on conn, and returns true, or until
// conn is closed, and returns false. Nothing is read and no error is taken
// from the socket: RST is POLLERR. The caller must be the only reader.
func awaitReset(conn *net.TCPConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Read(func(fd uintptr) bool { return polled(fd)&unix.POLLERR != 0 })
	return err == nil
}

// polled returns the poll events that are there now.
func polled(fd uintptr) int16 {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLRDHUP}}
	for {
		_, err := unix.Poll(fds, 0)
		if err != unix.EINTR {
			return fds[0].Revents
		}
	}
}

// onThisMachine says whether the other end of conn is on this machine and in
// this network namespace, so that what was sent has also arrived.
func onThisMachine(conn *net.TCPConn) bool {
	remote, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return false
	}
	local, ok := conn.LocalAddr().(*net.TCPAddr)
	return ok && (remote.IP.IsLoopback() || remote.IP.Equal(local.IP))
}

func control(conn syscall.Conn, do func(fd uintptr) error) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = do(fd) }); err != nil {
		return err
	}
	return inner
}
