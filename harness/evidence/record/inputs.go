package record

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/lab"
)

// inputs is what the lanes of one run have brought in.
type inputs struct {
	started   instant
	endpoints []lab.Endpoint
	entries   []lab.Entry
	segments  []segment
	traces    []capture.KernelEvent
	hostNames map[netip.Addr]string // the hosts in namespaces of their own
	watched   []hostTrace           // those, in the order in which they were added
	programs  []*lab.Program
	said      []row // what those have said
}

// addSegments adds what was captured on the loopback.
func (g *inputs) addSegments(captured []evidence.Segment) { g.segments = received(captured) }

// addHostTraces adds what was captured in namespaces; what was sent until settled has
// been captured wherever it came.
func (g *inputs) addHostTraces(hosts []hostTrace, settled instant) {
	if len(hosts) == 0 {
		return
	}
	g.hostNames = map[netip.Addr]string{}
	for _, v := range hosts {
		g.hostNames[v.ip] = v.name
	}
	g.watched = hosts
	g.segments = append(g.segments, merge(hosts, settled)...)
	slices.SortStableFunc(g.segments, func(a, b segment) int { return cmp.Compare(a.at, b.at) })
}

// fill makes the flows, the hosts and the events of r.
func (g *inputs) fill(r *evidence.Recording) {
	b := &builder{inputs: g, names: map[netip.AddrPort]lab.Endpoint{}}
	b.byPair, b.conns = map[pair][]*flow{}, map[int]*connection{}
	for _, endpoint := range g.endpoints {
		if address, err := netip.ParseAddrPort(endpoint.Address); err == nil {
			b.names[address] = endpoint
		}
	}
	b.findConnections()
	b.joinSegments()
	b.addConnections()
	slices.SortStableFunc(b.flows, func(a, b *flow) int { return cmp.Compare(a.first, b.first) })
	for i, f := range b.flows {
		f.index = i
		b.nameHosts(f)
		r.Flows = append(r.Flows, f.Flow)
	}
	b.joinNATs()
	for i, f := range b.flows {
		r.Flows[i] = f.Flow
	}
	r.Hosts = b.hosts()
	r.Events = b.events()
}

// A builder joins the lanes.
type builder struct {
	*inputs
	names  map[netip.AddrPort]lab.Endpoint
	flows  []*flow
	byPair map[pair][]*flow
	coming map[netip.AddrPort][]*flow // by server: those whose SYN_SENT is still to be found
	order  []*connection              // in the order of the journal
	conns  map[int]*connection
}

// nameHosts finds the lifelines of a flow that no journal has told.
func (b *builder) nameHosts(f *flow) {
	client, server := b.names[f.client], b.names[f.server]
	if f.ServerHost == "" {
		f.ServerHost = cmp.Or(server.Host, b.hostNames[f.server.Addr()], "server")
	}
	if f.ClientHost == "" {
		f.ClientHost = cmp.Or(client.Host, b.hostNames[f.client.Addr()], b.unknownClient(server, f.ServerHost))
	}
}

// unknownClient returns the lifeline of a client that is in no journal: a plain
// proxy dials on its own account, so does a program if there is only one that may
// be it, and everybody else is "client".
func (b *builder) unknownClient(server lab.Endpoint, host string) string {
	for _, endpoint := range b.endpoints {
		if endpoint.Proxy && !server.Proxy {
			return endpoint.Host
		}
	}
	return cmp.Or(b.programBeside(host), "client")
}

// hosts returns the lifelines: those that only connect, those that do both or
// stand on the way, those that only accept.
func (b *builder) hosts() []evidence.Host {
	var hosts []evidence.Host
	roles := map[string]int{} // 1: connects, 2: accepts
	add := func(name string, address netip.AddrPort, role int) {
		if roles[name] == 0 {
			host := evidence.Host{Name: name, Proxy: b.proxy(name)}
			if address.IsValid() {
				host.IP = address.Addr().String()
				host.Private = b.hostNames[address.Addr()] == name
			}
			hosts = append(hosts, host)
		}
		roles[name] |= role
	}
	for _, f := range b.flows {
		add(f.ClientHost, f.client, 1)
		add(f.ServerHost, f.server, 2)
		if f.NAT != "" {
			roles[f.NAT] |= 1
		}
	}
	for _, v := range b.onTheWay() {
		if roles[v.name] == 0 {
			add(v.name, netip.AddrPortFrom(v.ip, 0), 3)
		}
	}
	place := map[int]int{1: 0, 3: 1, 2: 2}
	slices.SortStableFunc(hosts, func(a, b evidence.Host) int {
		return cmp.Compare(place[roles[a.Name]], place[roles[b.Name]])
	})
	return hosts
}

// onTheWay returns the hosts that have seen segments of the run.
func (b *builder) onTheWay() []hostTrace {
	seen := map[string]bool{}
	for _, f := range b.flows {
		for _, s := range f.segments {
			for _, sighting := range s.packet.Path {
				seen[sighting.Host] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(b.watched), func(v hostTrace) bool { return !seen[v.name] })
}

// proxy says whether a host is a proxy's.
func (b *builder) proxy(name string) bool {
	return slices.ContainsFunc(b.endpoints, func(e lab.Endpoint) bool { return e.Host == name && e.Proxy })
}
