package clients

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Keepalive is what a socket does about keepalive (tcp(7)).
type Keepalive struct {
	On       bool          // SO_KEEPALIVE; the rest counts for nothing without it
	Idle     time.Duration // TCP_KEEPIDLE: of silence, before the first probe
	Interval time.Duration // TCP_KEEPINTVL: between probes
	Probes   int           // TCP_KEEPCNT: unanswered, before the connection is given up
}

// DialPlain connects to address, an IPv4 address and a port, with the system
// calls alone, as a program does whose runtime library sets no options of its
// own.
func DialPlain(address string) (*os.File, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial plainly: %w", err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}); err != nil {
		return nil, errors.Join(fmt.Errorf("dial %s plainly: %w", address, err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), "socket"), nil
}

// KeepaliveOf asks the kernel what the socket does about keepalive.
func KeepaliveOf(socket syscall.Conn) (Keepalive, error) {
	options := []struct{ level, name, value int }{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 0},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 0},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 0},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 0},
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return Keepalive{}, fmt.Errorf("ask for keepalive: %w", err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		for i := range options {
			o := &options[i]
			if o.value, failed = unix.GetsockoptInt(int(fd), o.level, o.name); failed != nil {
				return
			}
		}
	})
	if err := errors.Join(err, os.NewSyscallError("getsockopt", failed)); err != nil {
		return Keepalive{}, fmt.Errorf("ask for keepalive: %w", err)
	}
	return Keepalive{
		On:       options[0].value != 0,
		Idle:     time.Duration(options[1].value) * time.Second,
		Interval: time.Duration(options[2].value) * time.Second,
		Probes:   options[3].value,
	}, nil
}

// EnableKeepalive switches keepalive on and leaves its times to the system.
func EnableKeepalive(socket syscall.Conn) error {
	raw, err := socket.SyscallConn()
	if err != nil {
		return fmt.Errorf("enable keepalive: %w", err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	})
	return errors.Join(err, os.NewSyscallError("setsockopt", failed))
}
