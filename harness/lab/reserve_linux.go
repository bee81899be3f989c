package lab

import (
	"fmt"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/program"
)

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
