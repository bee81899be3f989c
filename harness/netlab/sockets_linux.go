package netlab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/netlab/internal/keeper"
)

// Socket opens a socket in the host's namespace, as socket(2) does. The
// descriptor is the caller's, closed on exec; a kind with SOCK_NONBLOCK is in
// non-blocking mode.
func (h *Host) Socket(domain, kind, protocol int) (int, error) {
	return h.network.keeper.Open(h.name, keeper.Socket{Domain: domain, Type: kind, Protocol: protocol})
}

// Listen listens on address, an IPv4 address and a port; 0 is a free one. The
// network is "tcp".
func (h *Host) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	if err := h.check(network, address, "tcp"); err != nil {
		return nil, err
	}
	config := net.ListenConfig{KeepAlive: -1, Control: func(network, _ string, socket syscall.RawConn) error {
		return h.replace(socket, network, true)
	}}
	config.SetMultipathTCP(false)
	return config.Listen(ctx, network, address)
}

// Dial opens a connection to address, an IPv4 address and a port. The network
// is "tcp" or "udp".
func (h *Host) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return h.DialFrom(ctx, network, netip.AddrPort{}, address)
}

// DialFrom is Dial from a local address; a zero address and port 0 are left
// to the kernel. The port may be one that a connection was made from before
// (SO_REUSEADDR).
func (h *Host) DialFrom(
	ctx context.Context, network string, local netip.AddrPort, address string,
) (net.Conn, error) {
	if err := h.check(network, address, "tcp", "udp"); err != nil {
		return nil, err
	}
	bound := local != (netip.AddrPort{})
	dialer := net.Dialer{KeepAlive: -1, Control: func(network, _ string, socket syscall.RawConn) error {
		return h.replace(socket, network, bound)
	}}
	dialer.SetMultipathTCP(false)
	switch {
	case bound && network == "tcp":
		dialer.LocalAddr = net.TCPAddrFromAddrPort(local)
	case bound:
		dialer.LocalAddr = net.UDPAddrFromAddrPort(local)
	}
	return dialer.DialContext(ctx, network, address)
}

// check says what is wrong with an address to dial or to listen on.
func (h *Host) check(network, address string, allowed ...string) error {
	at, err := netip.ParseAddrPort(address)
	for _, name := range allowed {
		if err == nil && at.Addr().Is4() && network == name {
			return nil
		}
	}
	return fmt.Errorf("%s: %s %s: want %s and an IPv4 address with a port",
		h.name, network, address, strings.Join(allowed, " or "))
}

// replace puts a socket of the host's namespace in the place of the one that
// package net has just made. A socket stays in the namespace that it was made
// in, so that package net can go on with it: bind, connect and listen.
func (h *Host) replace(socket syscall.RawConn, network string, reuse bool) error {
	kind, protocol := unix.SOCK_STREAM, h.streamProtocol()
	if strings.HasPrefix(network, "udp") {
		kind, protocol = unix.SOCK_DGRAM, 0
	}
	fd, err := h.Socket(unix.AF_INET, kind|unix.SOCK_NONBLOCK, protocol)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if reuse {
		err = os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	}
	return errors.Join(err, control(socket, func(placeholder int) error {
		return os.NewSyscallError("dup3", unix.Dup3(fd, placeholder, unix.O_CLOEXEC))
	}))
}

// control does something with the descriptor of a socket.
func control(socket syscall.RawConn, do func(fd int) error) error {
	var inner error
	if err := socket.Control(func(fd uintptr) { inner = do(int(fd)) }); err != nil {
		return err
	}
	return inner
}
