package netlab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab/internal/keeper"
)

// Destroy destroys the socket of a connection of this host as ss -K does: a
// RST goes to the peer, the owner gets ECONNABORTED (SOCK_DESTROY, ss(8)).
func (h *Host) Destroy(local, remote netip.AddrPort) error {
	return h.do(keeper.DestroySocket{Local: local, Remote: remote})
}

// DestroyListener is Destroy for a listener: connections that wait to be
// accepted are reset, accept fails with EINVAL.
func (h *Host) DestroyListener(local netip.AddrPort) error {
	return h.do(keeper.DestroySocket{Local: local, Remote: netip.AddrPortFrom(netip.IPv4Unspecified(), 0)})
}

// Forget closes a connection of this host as a crash of the machine does:
// without a segment (TCP_REPAIR).
func (h *Host) Forget(c *lab.Conn) error {
	if c.TCP() == nil {
		return errors.New("forget: the connection was never made")
	}
	if err := h.forget(c.TCP()); err != nil {
		return err
	}
	return c.Close()
}

func (h *Host) forget(c *net.TCPConn) error {
	socket, err := c.SyscallConn()
	if err != nil {
		return fmt.Errorf("forget: %w", err)
	}
	return control(socket, func(fd int) error { return h.network.keeper.Give(h.name, keeper.Repair{}, fd) })
}

// ForgetListener closes a listener of this host as Forget does, together with
// the connections that wait to be accepted. Nobody may be accepting or
// connecting at the same time.
func (h *Host) ForgetListener(l *lab.Listener) error {
	socket, err := l.TCP().SyscallConn()
	if err != nil {
		return fmt.Errorf("forget: %w", err)
	}
	for {
		var waiting int
		err := control(socket, func(fd int) (err error) {
			waiting, _, err = unix.Accept4(fd, unix.SOCK_CLOEXEC)
			return err
		})
		if err == unix.EAGAIN {
			return l.Close()
		}
		if err != nil {
			return fmt.Errorf("forget: %w", os.NewSyscallError("accept4", err))
		}
		err = h.network.keeper.Give(h.name, keeper.Repair{}, waiting)
		if err := errors.Join(err, unix.Close(waiting)); err != nil {
			return fmt.Errorf("forget: %w", err)
		}
	}
}
