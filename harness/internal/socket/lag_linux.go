package socket

import (
	"io"
	"net"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Lags says that this system has a [Lag].
const Lags = true

// A Lag reads a connection one byte behind: the last byte that it has returned
// stays in the kernel's receive buffer, so that closing the socket finds unread
// data and sends a RST (RFC 1122, section 4.2.2.13; tcp_close in the kernel).
// A byte keeps the whole segment that it came in. Where that takes a quarter of
// the buffer the byte is read, or no window would be left to offer
// (__tcp_select_window in the kernel).
type Lag struct {
	raw syscall.RawConn

	mu      sync.Mutex // guards the rest
	held    bool       // a byte that was returned is unread
	stopped bool
}

// wantedBuffer is the receive buffer in which a segment of any size, 64 KiB on
// the loopback, is small. The kernel gives less where net.core.rmem_max says so.
const wantedBuffer = 1 << 20

// NewLag begins to read conn, of which nothing must have been read. An error
// says that it is closed.
func NewLag(conn *net.TCPConn) (*Lag, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	if err := conn.SetReadBuffer(wantedBuffer); err != nil {
		return nil, err
	}
	return &Lag{raw: raw}, nil
}

// Read reads as net.Conn's does; errors are the kernel's errno.
func (l *Lag) Read(b []byte) (n int, err error) {
	closed := l.raw.Read(func(fd uintptr) (done bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		n, err = l.look(fd, b)
		return err != unix.EAGAIN
	})
	if closed != nil {
		return 0, closed
	}
	return n, err
}

// Stop ends the reading: what Read would return stays unread until the socket
// is closed, which ends Read. It says whether closing will find unread data for
// certain.
func (l *Lag) Stop() (holds bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	return l.held
}

// Release reads the byte that is held, so that closing sends a FIN.
func (l *Lag) Release() {
	l.raw.Control(func(fd uintptr) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.release(fd)
	})
}

// look returns what has come behind the byte that is held, or EAGAIN. mu is
// held.
func (l *Lag) look(fd uintptr, b []byte) (int, error) {
	for {
		if l.stopped {
			return 0, unix.EAGAIN
		}
		over := polled(fd) // asked first: what came before the end is then seen below
		behind := 0
		if l.held {
			behind = 1
		}
		seen, err := receive(fd, make([]byte, behind), b, unix.MSG_PEEK)
		switch {
		case err != nil:
			return 0, err
		case seen > behind:
			l.held = true
			receive(fd, nil, make([]byte, seen-1), unix.MSG_TRUNC) // it is there
			if crowded(fd) {
				l.release(fd)
			}
			return seen - behind, nil
		case !l.held:
			return 0, io.EOF
		case over&(unix.POLLERR|unix.POLLHUP) != 0:
			l.release(fd) // its error, if there is one, comes next
		case over&unix.POLLRDHUP != 0:
			return 0, io.EOF
		default:
			return 0, unix.EAGAIN
		}
	}
}

// crowded says whether what is unread takes more than a quarter of the receive
// buffer. The first two numbers of SO_MEMINFO tell: SK_MEMINFO_RMEM_ALLOC and
// SK_MEMINFO_RCVBUF. TpacketStats is such a pair.
func crowded(fd uintptr) bool {
	memory, err := unix.GetsockoptTpacketStats(int(fd), unix.SOL_SOCKET, unix.SO_MEMINFO)
	return err == nil && memory.Packets > memory.Drops/4
}

// release reads the byte that is held. mu is held.
func (l *Lag) release(fd uintptr) {
	if l.held {
		receive(fd, nil, make([]byte, 1), 0)
		l.held = false
	}
}

// receive receives into one buffer and then another, without waiting.
func receive(fd uintptr, first, second []byte, flags int) (int, error) {
	for {
		n, _, _, _, err := unix.RecvmsgBuffers(int(fd), [][]byte{first, second}, nil, flags|unix.MSG_DONTWAIT)
		if err != unix.EINTR {
			return n, err
		}
	}
}
