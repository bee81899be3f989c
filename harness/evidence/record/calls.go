package record

import (
	"net/netip"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A connection is one end of a flow, as the journal has it.
type connection struct {
	first         *lab.Entry
	local, remote netip.AddrPort // not valid if not known
	flow          *flow          // nil if the journal does not say
}

// findConnections lists the connections of the journal.
func (b *builder) findConnections() {
	for i := range b.entries {
		entry := &b.entries[i]
		if _, found := b.conns[entry.Conn]; found {
			continue
		}
		c := &connection{first: entry}
		c.local, _ = netip.ParseAddrPort(entry.Local) // what is no address is none
		c.remote, _ = netip.ParseAddrPort(entry.Remote)
		b.conns[entry.Conn] = c
		b.order = append(b.order, c)
	}
}

// addConnections finds the flow of each connection, a new one where no segment
// of it was captured.
func (b *builder) addConnections() {
	for _, c := range b.order {
		c.flow = b.flowOf(c)
		if c.flow == nil {
			continue
		}
		if c.accepts() {
			c.flow.ServerHost = c.first.Host
		} else {
			c.flow.ClientHost = c.first.Host
		}
	}
}

// accepts says whether the connection is the server's end.
func (c *connection) accepts() bool {
	switch c.first.Call.Op {
	case tcp.Connect:
		return false
	case tcp.Accept:
		return true
	}
	return c.local == c.flow.server
}

func (b *builder) flowOf(c *connection) *flow {
	if !c.remote.IsValid() {
		return nil
	}
	began := instantOf(c.first.Call.Start)
	ended := began + instant(c.first.Call.Duration/time.Nanosecond)
	if !c.local.IsValid() { // connecting failed, and nobody asked for the address before
		return b.failedConnect(c.remote, began, ended)
	}
	if f := b.flowAt(c.local, c.remote, ended); f != nil {
		return f
	}
	if c.first.Call.Op == tcp.Connect {
		return b.newFlow(c.local, c.remote, began)
	}
	return b.newFlow(c.remote, c.local, ended)
}

// failedConnect returns the flow of a connect that failed: the first toward
// server in its time that nobody has claimed.
func (b *builder) failedConnect(server netip.AddrPort, began, ended instant) *flow {
	for _, f := range b.flows {
		if f.server == server && f.ClientHost == "" && f.first >= began && f.first <= ended {
			return f
		}
	}
	return b.newFlow(netip.AddrPort{}, server, began)
}
