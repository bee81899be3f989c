package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/program"
)

// AwaitConnection waits until a connection can be accepted, and leaves it in
// the queue (poll(2) on a listening socket: POLLIN). Linux only;
// errors.ErrUnsupported elsewhere.
func (l *Listener) AwaitConnection(ctx context.Context) error {
	for ctx.Err() == nil {
		var events int16
		err := control(l.tcp, "poll", func(fd int) error {
			// The runtime's poller is closed to listeners. The 100 ms bound
			// how long an ended context goes unnoticed, nothing else.
			fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			_, err := unix.Poll(fds, 100)
			events = fds[0].Revents
			if err == unix.EINTR {
				return nil
			}
			return err
		})
		if err != nil || events&unix.POLLIN != 0 {
			return err
		}
	}
	return fmt.Errorf("await a connection at %s: %w", l.Addr(), givenUp(ctx))
}

// acceptQueue takes the queue from TCP_INFO, which has it in two fields that
// mean something else for a connection (net/ipv4/tcp.c, tcp_get_info), and the
// drops from SO_MEMINFO.
func acceptQueue(listener *net.TCPListener) (Queue, error) {
	var q Queue
	err := control(listener, "getsockopt", func(fd int) error {
		told, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return err
		}
		q.Length, q.Backlog = int(told.Unacked), int(told.Sacked)
		q.Dropped, err = drops(fd)
		return err
	})
	if err != nil {
		return Queue{}, fmt.Errorf("ask for the accept queue: %w", err)
	}
	return q, nil
}

// drops asks for SO_MEMINFO, which x/sys cannot express, and picks
// SK_MEMINFO_DROPS out of it (include/uapi/linux/sock_diag.h).
func drops(fd int) (int, error) {
	var memory [9]uint32
	size := uint32(unsafe.Sizeof(memory))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_MEMINFO,
		uintptr(unsafe.Pointer(&memory)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return 0, errno
	}
	return int(memory[8]), nil
}

// listenAgain is listen(2) on a socket that listens already.
func listenAgain(listener *net.TCPListener, backlog int) error {
	return control(listener, "listen", func(fd int) error { return unix.Listen(fd, backlog) })
}

// reserve finds a free port at a stack's address for a program of another
// process, and keeps others away from it until it is released. A socket that is
// bound and does not listen hinders nobody who allows addresses to be used again
// (SO_REUSEADDR, socket(7)), as servers do.
func reserve(stack Stack) (port uint16, release func(), err error) {
	open := func(family, kind, protocol int) (int, error) { return unix.Socket(family, kind, protocol) }
	if namespace, ok := stack.(program.Namespace); ok {
		open = namespace.Socket
	}
	ip := stack.IP()
	family, at := unix.AF_INET6, unix.Sockaddr(&unix.SockaddrInet6{Addr: ip.As16()})
	if ip.Is4() {
		family, at = unix.AF_INET, &unix.SockaddrInet4{Addr: ip.As4()}
	}
	fd, err := open(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("open a socket: %w", err)
	}
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err == nil {
		err = os.NewSyscallError("bind", unix.Bind(fd, at))
	}
	if err == nil {
		at, err = unix.Getsockname(fd)
	}
	if err != nil {
		unix.Close(fd)
		return 0, nil, fmt.Errorf("%v: %w", netip.AddrPortFrom(ip, 0), err)
	}
	switch at := at.(type) {
	case *unix.SockaddrInet4:
		port = uint16(at.Port)
	case *unix.SockaddrInet6:
		port = uint16(at.Port)
	}
	return port, func() { unix.Close(fd) }, nil
}

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
