package keeper

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
)

// AddLink lays a cable, a pair of veth interfaces, from a host to a peer.
type AddLink struct {
	Name    string // of the interface at the host
	Address netip.Prefix

	Peer        string // the other host
	PeerName    string
	PeerAddress netip.Prefix
}

func (a AddLink) do(n *namespace) error {
	peer, ok := n.keeper.hosts[a.Peer]
	if !ok {
		return fmt.Errorf("no host is called %q", a.Peer)
	}
	attributes := netlink.NewLinkAttrs()
	attributes.Name, attributes.Flags = a.Name, net.FlagUp
	veth := &netlink.Veth{LinkAttrs: attributes, PeerName: a.PeerName, PeerNamespace: netlink.NsFd(peer.fd)}
	if err := n.links.LinkAdd(veth); err != nil {
		return fmt.Errorf("add veth %s: %w", a.Name, err)
	}
	err := n.address(veth, a.Address)
	if err == nil {
		peer.act(func() { err = peer.configure(a.PeerName, a.PeerAddress) })
	}
	if err == nil {
		err = n.synchronize(a.Name)
	}
	if err == nil {
		peer.act(func() { err = peer.synchronize(a.PeerName) })
	}
	if err != nil {
		return errors.Join(err, n.links.LinkDel(veth))
	}
	return nil
}

// synchronize returns when the carrier of an interface is honoured. The kernel
// does so up to a second late and drops what is sent until then, unless it is
// asked about the interface (net/core/rtnetlink.c, rtnl_getlink; Linux 6.15).
func (n *namespace) synchronize(name string) error {
	if _, err := n.links.LinkByName(name); err != nil {
		return fmt.Errorf("find %s: %w", name, err)
	}
	return nil
}

// configure gives an interface its address and raises it.
func (n *namespace) configure(name string, address netip.Prefix) error {
	link, err := n.links.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find %s: %w", name, err)
	}
	if err := n.address(link, address); err != nil {
		return err
	}
	if err := n.links.LinkSetUp(link); err != nil {
		return fmt.Errorf("raise %s: %w", name, err)
	}
	return nil
}

func (n *namespace) address(link netlink.Link, address netip.Prefix) error {
	if err := n.links.AddrAdd(link, &netlink.Addr{IPNet: ipNet(address)}); err != nil {
		return fmt.Errorf("add %v to %s: %w", address, link.Attrs().Name, err)
	}
	return nil
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// RemoveLink takes a cable and both its interfaces away.
type RemoveLink struct {
	Name string
}

func (a RemoveLink) do(n *namespace) error {
	link, err := n.links.LinkByName(a.Name)
	if err != nil {
		return fmt.Errorf("find %s: %w", a.Name, err)
	}
	if err := n.links.LinkDel(link); err != nil {
		return fmt.Errorf("remove %s: %w", a.Name, err)
	}
	return nil
}

// RemoveAddress takes an address from whichever interface has it.
type RemoveAddress struct {
	Address netip.Addr
}

func (a RemoveAddress) do(n *namespace) error {
	all, err := n.links.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("list the addresses: %w", err)
	}
	for _, address := range all {
		if !address.IP.Equal(a.Address.AsSlice()) {
			continue
		}
		link := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: address.LinkIndex}}
		if err := n.links.AddrDel(link, &address); err != nil {
			return fmt.Errorf("remove %v: %w", a.Address, err)
		}
		return nil
	}
	return fmt.Errorf("remove %v: no interface has it", a.Address)
}

// AddRoute adds a route to a prefix by way of a gateway.
type AddRoute struct {
	To  netip.Prefix
	Via netip.Addr
}

func (a AddRoute) do(n *namespace) error {
	if err := n.links.RouteAdd(&netlink.Route{Dst: ipNet(a.To), Gw: a.Via.AsSlice()}); err != nil {
		return fmt.Errorf("add a route to %v via %v: %w", a.To, a.Via, err)
	}
	return nil
}

// RemoveHost removes a host as if it had lost its power: its cables stay
// plugged in, and nobody answers there any more. They end in the scratch
// namespace, where no interface has an address.
type RemoveHost struct{}

func (RemoveHost) do(n *namespace) (err error) {
	scratch, ok := n.keeper.hosts[""]
	if !ok {
		if scratch, err = n.keeper.settle(""); err != nil {
			return err
		}
	}
	links, err := n.links.LinkList()
	if err != nil {
		return fmt.Errorf("list the links: %w", err)
	}
	for _, link := range links {
		if link.Type() != "veth" {
			continue
		}
		name := link.Attrs().Name
		if err := n.links.LinkSetNsFd(link, scratch.fd); err != nil {
			return fmt.Errorf("unplug %s: %w", name, err)
		}
		scratch.act(func() {
			err = scratch.links.LinkSetUp(&netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}})
		})
		if err != nil {
			return fmt.Errorf("raise %s: %w", name, err)
		}
	}
	delete(n.keeper.hosts, n.host)
	close(n.work) // the thread ends when this is done
	return nil
}
