package socket

import (
	"net"
	"syscall"

	"github.com/resetlab/resetlab/harness/internal/sockdiag"
	"golang.org/x/sys/unix"
)

// unsent returns how many bytes written to conn its peer's kernel may not
// have, a FIN counted as one, and whether it may still take them. These are
// the bytes that it has not acknowledged (SIOCOUTQ). An end on this machine may
// have them long before: it acknowledges 40 ms late where it hopes to have
// something to send along (tcp(7), TCP_QUICKACK). That what was sent
// (SIOCOUTQNSD) has also arrived would be the wrong guess: a full receive
// buffer drops it. Hence its kernel is asked.
func unsent(conn *net.TCPConn) (left int64, taking bool) {
	var info *unix.TCPInfo
	var notSent int
	control(conn, func(fd uintptr) {
		bytes, err := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
		if err != nil || bytes == 0 {
			return
		}
		left = int64(bytes)
		notSent, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQNSD)
		info, _ = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	})
	if info == nil || info.State == unix.BPF_TCP_CLOSE {
		return left, false // a RST from the peer has thrown away what is counted
	}
	if peer, ok := sockdiag.Peer(conn); ok && peer.HasReceived {
		received := peer.Received
		sent := info.Bytes_sent - info.Bytes_retrans
		switch info.State {
		case unix.BPF_TCP_FIN_WAIT1, unix.BPF_TCP_CLOSING, unix.BPF_TCP_LAST_ACK:
			if notSent == 0 {
				sent++ // the FIN, which received counts
			}
		}
		if behind := int64(notSent) + int64(sent-received); behind >= 0 { // not so before Linux 4.19
			left = min(left, behind)
		}
	}
	return left, true
}

// ChooseLate is a net.Dialer's Control: a socket that is bound to an address gets
// its port when it is connected (ip(7), IP_BIND_ADDRESS_NO_PORT). Otherwise no two
// connections from the address could have one port, whatever they lead to.
func ChooseLate(_, _ string, conn syscall.RawConn) error {
	return conn.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1) // without it there are fewer ports
	})
}

// HungUp says whether the end of stream that was read from conn was a RST whose
// error a write had taken: the socket is closed in both directions (poll(2),
// POLLHUP) without our doing, and no error is left. Where one is (POLLERR), a
// FIN has come first and the RST behind it. Meaningful while we have not sent
// a FIN ourselves.
func HungUp(conn *net.TCPConn) bool {
	var events int16
	control(conn, func(fd uintptr) { events = polled(fd) })
	return events&unix.POLLHUP != 0 && events&unix.POLLERR == 0
}

// AwaitReset blocks until a RST has come on conn, and returns true, or until
// conn is closed, and returns false. Nothing is read and no error is taken
// from the socket: RST is POLLERR. The caller must be the only reader.
func AwaitReset(conn *net.TCPConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Read(func(fd uintptr) bool { return polled(fd)&unix.POLLERR != 0 })
	return err == nil
}

// ShutBoth shuts both directions in one call: an end that has seen the FIN
// cannot get bytes in between. An error says that the connection is over.
func ShutBoth(conn *net.TCPConn) {
	control(conn, func(fd uintptr) { unix.Shutdown(int(fd), unix.SHUT_RDWR) })
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

// control does something with the descriptor of conn, or nothing where it is
// closed.
func control(conn *net.TCPConn, do func(fd uintptr)) {
	if raw, err := conn.SyscallConn(); err == nil {
		raw.Control(do)
	}
}
