package lab

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// A Stack is the network stack that a host's sockets belong to. The networks
// are those of package net: "tcp" and "udp".
type Stack interface {
	// IP is the address at which the host is found.
	IP() netip.Addr
	// Dial opens a connection to address, an IP and a port.
	Dial(ctx context.Context, network, address string) (net.Conn, error)
	// Listen listens on address; port 0 is a free one.
	Listen(ctx context.Context, network, address string) (net.Listener, error)
}

// loopback is this machine's own stack at one of its loopback addresses.
type loopback struct{ ip netip.Addr }

// Loopback returns the stack of this machine at ip, a loopback address.
func Loopback(ip netip.Addr) (Stack, error) {
	if !ip.IsLoopback() {
		return nil, fmt.Errorf("stack: ip is %v: allowed is a loopback address", ip)
	}
	return loopback{ip}, nil
}

func (l loopback) IP() netip.Addr { return l.ip }

// Dial switches TCP keepalive and Multipath TCP off: nothing shall be on the
// wire that the scenario did not ask for. Its end is at the stack's address, by
// which the segments of a connection are known even if connecting fails.
func (l loopback) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{KeepAlive: -1}
	dialer.SetMultipathTCP(false)
	to, err := netip.ParseAddrPort(address)
	if err == nil && to.Addr().IsLoopback() && to.Addr().Is4() == l.ip.Is4() {
		dialer.LocalAddr, dialer.Control = l.own(network), chooseLate
	}
	return dialer.DialContext(ctx, network, address)
}

// own returns the stack's address, with a port that the kernel is to choose.
func (l loopback) own(network string) net.Addr {
	if strings.HasPrefix(network, "udp") {
		return net.UDPAddrFromAddrPort(netip.AddrPortFrom(l.ip, 0))
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(l.ip, 0))
}

func (l loopback) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	config := net.ListenConfig{KeepAlive: -1}
	config.SetMultipathTCP(false)
	return config.Listen(ctx, network, address)
}

// A Host is where an endpoint lives, under the name by which reports call it.
// It opens sockets in its stack and journals what is done with them.
type Host struct {
	lab   *Lab
	name  string
	stack Stack
	ready []func() // to be called before the first socket is opened
}

// await waits for those who watch the host.
func (h *Host) await() {
	for _, ready := range h.ready {
		ready()
	}
}

// Name returns the name of the host.
func (h *Host) Name() string { return h.name }

// Stack returns the stack that the host's sockets belong to.
func (h *Host) Stack() Stack { return h.stack }

// Dial connects to address, an IP and a port. The connection's calls fail when
// ctx ends. If connecting fails the Conn is not nil either: its Outcome tells.
func (h *Host) Dial(ctx context.Context, address string) (*Conn, error) {
	return h.dial(ctx, address, h.stack.Dial)
}

// dial is Dial by a function like a stack's.
func (h *Host) dial(ctx context.Context, address string,
	by func(ctx context.Context, network, address string) (net.Conn, error),
) (*Conn, error) {
	h.await()
	h.lab.reaches(address)
	start := time.Now()
	conn, err := by(ctx, "tcp", address)
	tcp, ok := conn.(*net.TCPConn)
	if err == nil && !ok {
		conn.Close()
		err = fmt.Errorf("dial %s: the stack gave a %T: want *net.TCPConn", address, conn)
	}
	c := newConn(ctx, h, tcp, address)
	c.failed = err
	c.record.Remember(Connect, start, 0, err)
	return c, err
}

// Listen listens on a free port of the host's address.
func (h *Host) Listen(ctx context.Context) (*Listener, error) { return h.ListenAt(ctx, 0) }

// ListenAt listens on a port of the host's address; 0 is a free one.
func (h *Host) ListenAt(ctx context.Context, port uint16) (*Listener, error) {
	h.await()
	address := netip.AddrPortFrom(h.stack.IP(), port).String()
	listener, err := h.stack.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: listen on %s: %w", h.name, address, err)
	}
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		listener.Close()
		return nil, fmt.Errorf("%s: the stack gave a %T: want *net.TCPListener", h.name, listener)
	}
	h.lab.noteEndpoint(Endpoint{Host: h.name, Address: tcp.Addr().String()})
	return &Listener{host: h, tcp: tcp}, nil
}

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
