package lab

import (
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/tcp"
)

// A pollEvent is what to wait for, in poll(2)'s words.
type pollEvent struct {
	wanted int16
	// instead is what may come in its place, so that the wait is over.
	instead int16
}

var (
	pollReset            = pollEvent{wanted: unix.POLLERR, instead: unix.POLLRDHUP}
	pollResetAfterFinish = pollEvent{wanted: unix.POLLERR}
	pollFinish           = pollEvent{wanted: unix.POLLRDHUP, instead: unix.POLLERR}
	pollReadable         = pollEvent{wanted: unix.POLLIN}
)

// awaitEvent waits in the runtime's poller, asking poll(2) whenever something
// about the socket has changed. Nothing is read, no error is taken.
func awaitEvent(conn *net.TCPConn, event pollEvent) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("await an event: %w", err)
	}
	var instead error
	err = raw.Read(func(fd uintptr) bool {
		seen := polled(fd)
		switch {
		case event == pollFinish && seen&unix.POLLERR != 0:
			instead = fmt.Errorf("await a FIN: a RST came: %w", syscall.ECONNRESET)
		case seen&event.wanted != 0:
		case seen&event.instead != 0:
			instead = ended(fd)
			return instead != nil
		default:
			return false
		}
		return true
	})
	if err != nil {
		return fmt.Errorf("await an event: %w", err)
	}
	return instead
}

// ended says how a connection ended without a RST, nil if it has not: the
// POLLRDHUP may be of its own shutdown(SHUT_RD).
func ended(fd uintptr) error {
	told, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return os.NewSyscallError("getsockopt", err)
	}
	switch told.State {
	case unix.BPF_TCP_CLOSE_WAIT, unix.BPF_TCP_LAST_ACK, unix.BPF_TCP_CLOSING:
		return fmt.Errorf("await a RST: a FIN came: %w", io.EOF)
	case unix.BPF_TCP_CLOSE: // both FINs, or a RST whose error somebody took
		return fmt.Errorf("await a RST: the connection is over: %w", io.EOF)
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

// closesQuietly says whether close sends a FIN or, if that is sent, nothing, and
// how many bytes have come: all of them have been read, and nothing was set by
// which close, or what comes behind it, sends a RST (socket(7), SO_LINGER; tcp(7),
// TCP_LINGER2).
func closesQuietly(conn *net.TCPConn) (read int64, quiet bool) {
	err := control(conn, "getsockopt", func(fd int) error {
		unread, err := unix.IoctlGetInt(fd, unix.SIOCINQ)
		if err != nil {
			return err
		}
		linger, err := unix.GetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER)
		if err != nil {
			return err
		}
		wait, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_LINGER2)
		if err != nil {
			return err
		}
		told, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return err
		}
		read, quiet = int64(told.Bytes_received), unread == 0 && linger.Onoff == 0 && wait >= 0
		return nil
	})
	return read, quiet && err == nil
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

func tcpInfo(conn *net.TCPConn) (Info, error) {
	var told *unix.TCPInfo
	err := control(conn, "getsockopt", func(fd int) (err error) {
		told, err = unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		return err
	})
	if err != nil {
		return Info{}, fmt.Errorf("ask for TCP_INFO: %w", err)
	}
	return Info{
		State:          stateName(told.State),
		DataSegmentsIn: int(told.Data_segs_in),
		SegmentsIn:     int(told.Segs_in),
		Retransmitted:  int(told.Total_retrans),
	}, nil
}

// stateName names a state of include/net/tcp_states.h.
func stateName(state uint8) tcp.State {
	names := map[uint8]tcp.State{
		unix.BPF_TCP_ESTABLISHED: tcp.StateEstablished,
		unix.BPF_TCP_SYN_SENT:    tcp.StateSynSent,
		unix.BPF_TCP_SYN_RECV:    tcp.StateSynReceived,
		unix.BPF_TCP_FIN_WAIT1:   tcp.StateFinWait1,
		unix.BPF_TCP_FIN_WAIT2:   tcp.StateFinWait2,
		unix.BPF_TCP_TIME_WAIT:   tcp.StateTimeWait,
		unix.BPF_TCP_CLOSE:       tcp.StateClosed,
		unix.BPF_TCP_CLOSE_WAIT:  tcp.StateCloseWait,
		unix.BPF_TCP_LAST_ACK:    tcp.StateLastAck,
		unix.BPF_TCP_LISTEN:      tcp.StateListen,
		unix.BPF_TCP_CLOSING:     tcp.StateClosing,
	}
	if name, ok := names[state]; ok {
		return name
	}
	return tcp.State(fmt.Sprintf("state %d", state))
}

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

// connectUnspec connects the socket fd to no address at all.
func connectUnspec(fd int) error {
	address := unix.RawSockaddr{Family: unix.AF_UNSPEC}
	_, _, errno := unix.Syscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&address)), unsafe.Sizeof(address))
	if errno != 0 {
		return errno
	}
	return nil
}
