package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/resetlab/resetlab/harness"
)

// A Lab is one run: its hosts, its journal, and what runs on them.
type Lab struct {
	ip      netip.Addr
	journal Journal
	ctx     context.Context
	cancel  context.CancelFunc

	mu        sync.Mutex
	hosts     map[string]*Host
	watchers  []func(*Host) func()
	addressed []func(netip.Addr)
	owned     []io.Closer
	programs  []*Program
	open      map[*Conn]struct{}
	ends      map[addresses]*Conn // those in open, to find the other end of one
	endpoints []Endpoint
	ended     bool
}

// New returns a lab whose hosts live on this machine's loopback, 127.0.0.1.
func New() *Lab { return newLab(localhost) }

// localhost is the address of the loopback that every system has.
var localhost = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// NewAt returns a lab whose hosts live on this machine's loopback at ip, an
// address in 127.0.0.0/8 or ::1. Linux has all of them, other systems only
// those that somebody has added. The labs of one address each do not see each
// other's traffic.
func NewAt(ip netip.Addr) (*Lab, error) {
	if _, err := Loopback(ip); err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	return newLab(ip), nil
}

// NewIPv6 returns a lab whose hosts live on ::1.
func NewIPv6() *Lab { return newLab(netip.IPv6Loopback()) }

func newLab(ip netip.Addr) *Lab {
	l := &Lab{ip: ip, hosts: map[string]*Host{}, open: map[*Conn]struct{}{}, ends: map[addresses]*Conn{}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// Host returns the host of that name, a new one on the loopback if the lab
// has none yet.
func (l *Lab) Host(name string) *Host {
	l.mu.Lock()
	defer l.mu.Unlock()
	h, ok := l.hosts[name]
	if !ok {
		h = &Host{lab: l, name: name, stack: loopback{l.ip}}
		l.hosts[name] = h
	}
	return h
}

// AddHost adds a host that lives in a stack of its own. An error says that
// the lab has a host of that name.
func (l *Lab) AddHost(name string, stack Stack) (*Host, error) {
	h := &Host{lab: l, name: name, stack: stack}
	l.mu.Lock()
	watchers := slices.Clone(l.watchers)
	l.mu.Unlock()
	for _, watch := range watchers {
		h.ready = append(h.ready, watch(h))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.hosts[name]; ok {
		return nil, fmt.Errorf("add host: the lab has a host %q already", name)
	}
	l.hosts[name] = h
	return h, nil
}

// EachAdded calls f with each host that [Lab.AddHost] will add. Before such a
// host dials or listens it calls what f returned, and so waits for it.
func (l *Lab) EachAdded(f func(*Host) (ready func())) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watchers = append(l.watchers, f)
}

// EachAddress calls f with the address of each host on the loopback and of each
// endpoint, and with whatever a host dials, before it does so.
func (l *Lab) EachAddress(f func(netip.Addr)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addressed = append(l.addressed, f)
	f(l.ip)
	for _, e := range l.endpoints {
		tell(e.Address, f)
	}
}

// tell calls each f with the IP of an address, if it is one.
func tell(address string, each ...func(netip.Addr)) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return
	}
	for _, f := range each {
		f(to.Addr())
	}
}

// reaches notes that something of the lab is about to connect to an address.
func (l *Lab) reaches(address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	tell(address, l.addressed...)
}

// IP returns the address of the hosts that live on the loopback.
func (l *Lab) IP() netip.Addr { return l.ip }

// Journal returns the calls of all connections of the lab.
func (l *Lab) Journal() *Journal { return &l.journal }

// Own makes the lab close c when it is closed, after what it came to own later.
func (l *Lab) Own(c io.Closer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.owned = append(l.owned, c)
}

func (l *Lab) opened(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[c] = struct{}{}
	l.ends[c.addresses] = c
}

// closed forgets a connection.
func (l *Lab) closed(c *Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
	if l.ends[c.addresses] == c {
		delete(l.ends, c.addresses)
	}
}

// peer returns the other end of a connection, nil if that is not open in this lab.
func (l *Lab) peer(c *Conn) *Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ends[addresses{local: c.addresses.remote, remote: c.addresses.local}]
}

// Close ends everything that runs in the lab. It returns what went wrong in
// servers and proxies, and names each connection that was still open then:
// somebody had forgotten it. A second Close does nothing.
func (l *Lab) Close() error {
	l.mu.Lock()
	again := l.ended
	l.ended = true
	owned := slices.Clone(l.owned)
	l.mu.Unlock()
	if again {
		return nil
	}
	l.cancel()
	var errs []error
	for _, c := range slices.Backward(owned) {
		errs = append(errs, c.Close())
	}
	for _, c := range l.leftOpen() {
		errs = append(errs, fmt.Errorf("left open: %v", c.Outcome()))
		c.Close() // the error that counts is that it was open
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close the lab: %w", err)
	}
	return nil
}

// leftOpen returns the open connections in the order of opening.
func (l *Lab) leftOpen() []*Conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	var left []*Conn
	for c := range l.open {
		left = append(left, c)
	}
	slices.SortFunc(left, func(a, b *Conn) int { return cmp.Compare(a.record.outcome.Conn, b.record.outcome.Conn) })
	return left
}

// A Route is the way from a client to a server.
type Route string

const (
	Direct  Route = "direct"  // nothing between
	Proxied Route = "proxied" // the faithful proxy between
	Stock   Route = "stock"   // a plain toxiproxy between
)

// Reach returns the address at which a client reaches server on the route,
// starting the proxy that stands there. The lab closes it.
func (l *Lab) Reach(server Server, route Route) (string, error) {
	switch route {
	case Direct:
		return server.Addr(), nil
	case Proxied:
		proxy, err := l.Proxy(server)
		if err != nil {
			return "", err
		}
		return proxy.Addr(), nil
	case Stock:
		stock, err := harness.StartStockProxy(server.Addr())
		if err != nil {
			return "", fmt.Errorf("reach %s: %w", server.Addr(), err)
		}
		l.Own(stock)
		l.noteEndpoint(Endpoint{Host: "proxy", Address: stock.Addr(), Proxy: true})
		return stock.Addr(), nil
	}
	return "", fmt.Errorf("reach %s: route is %q: allowed are direct, proxied and stock", server.Addr(), route)
}

// Proxy starts a faithful proxy at the host "proxy" in front of server, with
// cuts and toxics. The lab closes it.
func (l *Lab) Proxy(server Server, faults ...harness.Option) (*harness.Proxy, error) {
	host := l.Host("proxy")
	listener, err := host.Listen(l.ctx)
	if err != nil {
		return nil, err
	}
	l.noteEndpoint(Endpoint{Host: host.name, Address: listener.Addr(), Proxy: true})
	l.noteUpstream(server.Addr())
	options := append(faults, harness.Options{Listener: listener.tcp, Dial: host.dialAsProxy})
	proxy, err := harness.StartProxy(server.Addr(), options...)
	if err != nil {
		listener.Close()
		return nil, err
	}
	l.Own(proxy)
	return proxy, nil
}

// dialAsProxy dials in the host's stack and notes whose the connection is.
func (h *Host) dialAsProxy(ctx context.Context, network, address string) (net.Conn, error) {
	h.await()
	h.lab.reaches(address)
	conn, err := h.stack.Dial(ctx, network, address)
	if err == nil {
		h.lab.noteEndpoint(Endpoint{Host: h.name, Address: conn.LocalAddr().String(), Proxy: true})
	}
	return conn, err
}
