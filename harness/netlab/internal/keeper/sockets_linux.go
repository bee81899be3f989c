package keeper

import (
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Socket opens a socket, socket(2).
type Socket struct {
	Domain, Type, Protocol int
}

func (a Socket) open(*namespace) (int, error) {
	fd, err := unix.Socket(a.Domain, a.Type|unix.SOCK_CLOEXEC, a.Protocol)
	return fd, os.NewSyscallError("socket", err)
}

// DestroySocket destroys a connection, or a listener if Remote is 0.0.0.0:0,
// as ss -K does (sock_diag(7), SOCK_DESTROY).
type DestroySocket struct {
	Local, Remote netip.AddrPort
}

func (a DestroySocket) do(n *namespace) error {
	err := n.links.SocketDestroy(net.TCPAddrFromAddrPort(a.Local), net.TCPAddrFromAddrPort(a.Remote))
	if err != nil {
		return fmt.Errorf("destroy the socket %v → %v: %w", a.Local, a.Remote, err)
	}
	return nil
}

// Repair puts a socket that was handed over into repair mode, in which closing
// it sends nothing (TCP_REPAIR; net/ipv4/tcp.c, __tcp_close).
type Repair struct{}

func (Repair) receive(_ *namespace, fd int) error {
	err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_REPAIR, unix.TCP_REPAIR_ON)
	return os.NewSyscallError("setsockopt TCP_REPAIR", err)
}

// OpenTUN makes a TUN device with an address for the host. Its descriptor, in
// non-blocking mode, reads and writes IP packets; the device ends with it.
type OpenTUN struct {
	Name    string
	Address netip.Prefix
}

const tunPath = "/dev/net/tun"

func (a OpenTUN) open(n *namespace) (int, error) {
	fd, err := unix.Open(tunPath, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return -1, fmt.Errorf("%s: %w: %w: load the module tun, and let this user read and write the file",
			tunPath, ErrUnavailable, err)
	}
	if err := a.attach(n, fd); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// attach gives the open file its device (TUNSETIFF; the kernel's
// Documentation/networking/tuntap.rst).
func (a OpenTUN) attach(n *namespace, fd int) error {
	device, err := unix.NewIfreq(a.Name)
	if err != nil {
		return fmt.Errorf("TUN device %q: %w", a.Name, err)
	}
	device.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, device); err != nil {
		return fmt.Errorf("make the TUN device %s: %w", a.Name, err)
	}
	return n.configure(device.Name(), a.Address)
}
