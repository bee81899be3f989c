package netlab

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/resetlab/resetlab/harness/netlab/internal/keeper"
)

// A Network is a set of hosts and links that nobody else sees. Its methods and
// those of its hosts may be called by several goroutines at the same time.
type Network struct {
	keeper *keeper.Process

	mu    sync.Mutex
	links int // peers included
	rules int
}

// New starts a network without hosts. Where the process may not make network
// namespaces it makes a user namespace for them. An error that wraps
// ErrUnavailable says that the machine allows neither.
func New() (*Network, error) {
	k, err := keeper.Start()
	if err != nil {
		return nil, err
	}
	return &Network{keeper: k}, nil
}

// Host makes a host: a network namespace with nothing but its loopback. A name
// that is empty or taken is an error.
func (n *Network) Host(name string) (*Host, error) {
	if name == "" {
		return nil, errors.New("host: the name is empty")
	}
	h := &Host{network: n, name: name}
	if err := h.do(keeper.MakeHost{}); err != nil {
		return nil, err
	}
	return h, nil
}

// A Link is a cable between two hosts, with an interface at each.
type Link struct {
	A, B               *Host
	AddressA, AddressB netip.Addr // of the two on this link
	name               string     // of the interface at A
}

// Link connects two hosts with a cable of its own: the k-th link is the
// network 10.k.0.0/16. The addresses that a and b have there are those of no
// other network that runs on the machine, so that what the kernel tells of one
// cannot be taken for the other's: its tracepoints name no namespace. There
// are at most 255 links.
func (n *Network) Link(a, b *Host) (*Link, error) {
	if a == b {
		return nil, fmt.Errorf("link: both ends are %s", a.name)
	}
	if a.network != n || b.network != n {
		return nil, fmt.Errorf("link: %s or %s is of another network", a.name, b.name)
	}
	k, here, there, err := n.address()
	if err != nil {
		return nil, err
	}
	l := &Link{A: a, B: b, name: fmt.Sprintf("veth%da", k), AddressA: here, AddressB: there}
	err = a.do(keeper.AddLink{
		Name: l.name, Address: netip.PrefixFrom(here, linkBits),
		Peer: b.name, PeerName: fmt.Sprintf("veth%db", k), PeerAddress: netip.PrefixFrom(there, linkBits),
	})
	if err != nil {
		return nil, err
	}
	a.adopt(l.AddressA)
	b.adopt(l.AddressB)
	return l, nil
}

// linkBits is how long the prefix of a link's network is.
const linkBits = 16

// address numbers a link, from 1, and gives its two ends their addresses. The
// last two bytes tell the network, by the id of its keeper, and the end: ids
// that differ by a multiple of 32,766 are those of processes far apart in time.
// All bits 0 and all bits 1 are for the link itself (RFC 1122, section 3.2.1.3).
func (n *Network) address() (k byte, here, there netip.Addr, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.links == 255 {
		return 0, here, there, errors.New("a network has at most 255 links")
	}
	n.links++
	k = byte(n.links)
	end := uint16(n.keeper.ID()%32766+1) * 2
	here = netip.AddrFrom4([4]byte{10, k, byte(end >> 8), byte(end)})
	return k, here, here.Next(), nil
}

// Remove takes the cable and both its interfaces away.
func (l *Link) Remove() error { return l.A.do(keeper.RemoveLink{Name: l.name}) }

// Route links a and b through router, which forwards between them.
func (n *Network) Route(a, router, b *Host) (toA, toB *Link, err error) {
	if toA, err = n.Link(a, router); err != nil {
		return nil, nil, err
	}
	if toB, err = n.Link(router, b); err != nil {
		return nil, nil, err
	}
	if err := router.SetSysctl("net.ipv4.ip_forward", "1"); err != nil {
		return nil, nil, err
	}
	everywhere := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if err := a.AddRoute(everywhere, toA.AddressB); err != nil {
		return nil, nil, err
	}
	if err := b.AddRoute(everywhere, toB.AddressA); err != nil {
		return nil, nil, err
	}
	return toA, toB, nil
}

// ID is the process id of the network's keeper: no other network that is there at
// the same time has it.
func (n *Network) ID() int { return n.keeper.ID() }

// Close ends the network. What still has a socket in a namespace keeps that
// namespace until it closes it. A second Close does nothing.
func (n *Network) Close() error { return n.keeper.Close() }
