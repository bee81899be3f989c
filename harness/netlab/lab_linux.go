package netlab

import (
	"fmt"

	"github.com/resetlab/resetlab/harness/lab"
)

// Pair starts a network with two hosts, linked, and adds them to the lab under
// the names "client" and "server". The lab closes it.
func Pair(l *lab.Lab) (client, server *Host, err error) {
	n, hosts, err := join(l, "client", "server")
	if err != nil {
		return nil, nil, err
	}
	if _, err := n.Link(hosts[0], hosts[1]); err != nil {
		return nil, nil, err
	}
	return hosts[0], hosts[1], nil
}

// Triple is Pair with a router, under the name "router", between the two.
func Triple(l *lab.Lab) (client, router, server *Host, err error) {
	n, hosts, err := join(l, "client", "router", "server")
	if err != nil {
		return nil, nil, nil, err
	}
	if _, _, err := n.Route(hosts[0], hosts[1], hosts[2]); err != nil {
		return nil, nil, nil, err
	}
	return hosts[0], hosts[1], hosts[2], nil
}

// join starts a network for a lab, with hosts of these names.
func join(l *lab.Lab, names ...string) (*Network, []*Host, error) {
	n, err := New()
	if err != nil {
		return nil, nil, err
	}
	l.Own(n)
	var hosts []*Host
	for _, name := range names {
		h, err := n.Host(name)
		if err != nil {
			return nil, nil, err
		}
		if _, err := l.AddHost(name, h); err != nil {
			return nil, nil, fmt.Errorf("join the lab: %w", err)
		}
		hosts = append(hosts, h)
	}
	return n, hosts, nil
}
