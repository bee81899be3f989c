package record

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
)

// gathered is what the lanes of one run have brought in.
type gathered struct {
	started   instant
	endpoints []lab.Endpoint
	entries   []lab.Entry
	segments  []segment
	traces    []evidence.KernelEvent
	posts     map[netip.Addr]string // the hosts in namespaces of their own
	watched   []view                // those, in the order in which they were added
	programs  []*lab.Program
	said      []row // what those have said
}

// addSegments adds what was captured on the loopback.
func (g *gathered) addSegments(captured []evidence.Segment) { g.segments = received(captured) }

// addViews adds what was captured in namespaces; what was sent until settled has
// been captured wherever it came.
func (g *gathered) addViews(views []view, settled instant) {
	if len(views) == 0 {
		return
	}
	g.posts = map[netip.Addr]string{}
	for _, v := range views {
		g.posts[v.ip] = v.name
	}
	g.watched = views
	g.segments = append(g.segments, merge(views, settled)...)
	slices.SortStableFunc(g.segments, func(a, b segment) int { return cmp.Compare(a.at, b.at) })
}

// fill makes the flows, the hosts and the events of r.
func (g *gathered) fill(r *evidence.Recording) {
	b := &builder{gathered: g, names: map[netip.AddrPort]lab.Endpoint{}}
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
	*gathered
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
		f.ServerHost = cmp.Or(server.Host, b.posts[f.server.Addr()], "server")
	}
	if f.ClientHost == "" {
		f.ClientHost = cmp.Or(client.Host, b.posts[f.client.Addr()], b.stranger(server, f.ServerHost))
	}
}

// stranger returns the lifeline of a client that is in no journal: a plain
// proxy dials on its own account, so does a program if there is only one that may
// be it, and everybody else is "client".
func (b *builder) stranger(server lab.Endpoint, host string) string {
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
				host.Private = b.posts[address.Addr()] == name
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
func (b *builder) onTheWay() []view {
	seen := map[string]bool{}
	for _, f := range b.flows {
		for _, s := range f.segments {
			for _, sighting := range s.packet.Path {
				seen[sighting.Host] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(b.watched), func(v view) bool { return !seen[v.name] })
}

// proxy says whether a host is a proxy's.
func (b *builder) proxy(name string) bool {
	return slices.ContainsFunc(b.endpoints, func(e lab.Endpoint) bool { return e.Host == name && e.Proxy })
}
