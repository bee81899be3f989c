package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// A portDialer is a Stack that dials from a port of choice, as those of a
// netlab do.
type portDialer interface {
	DialFrom(ctx context.Context, network string, local netip.AddrPort, address string) (net.Conn, error)
}

// DialFrom is [Host.Dial] from a port of the host, which may be one that a
// connection was made from before (SO_REUSEADDR). Hosts on the loopback cannot:
// that is an error.
func (h *Host) DialFrom(ctx context.Context, port uint16, address string) (*Conn, error) {
	stack, ok := h.stack.(portDialer)
	if !ok {
		return nil, fmt.Errorf("%s: dial from port %d: its stack, a %T, leaves ports to the kernel", h.name, port, h.stack)
	}
	local := netip.AddrPortFrom(h.stack.IP(), port)
	return h.dial(ctx, address, func(ctx context.Context, network, address string) (net.Conn, error) {
		return stack.DialFrom(ctx, network, local, address)
	})
}
