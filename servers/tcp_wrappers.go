package servers

import (
	"context"
	"net/netip"
	"slices"

	"github.com/resetlab/resetlab/harness/lab"
)

// AccessLists are the rules of TCP wrappers, hosts.allow and hosts.deny
// (hosts_access(5)), for one daemon and by address only. Lists that are empty
// match nobody.
type AccessLists struct {
	Allow []netip.Prefix
	Deny  []netip.Prefix
}

// Grants says whether ip has access. The search stops at the first match:
// who is in Allow has access, then who is in Deny has none, then all have.
func (a AccessLists) Grants(ip netip.Addr) bool {
	matches := func(p netip.Prefix) bool { return p.Contains(ip) }
	return slices.ContainsFunc(a.Allow, matches) || !slices.ContainsFunc(a.Deny, matches)
}

// WrapTCP makes a handler that leaves a connection to granted or to denied, by
// the client's address. By then the connection is established: the wrappers
// are part of the daemon, not of the kernel, and behind a proxy the client is
// the proxy.
func WrapTCP(lists AccessLists, granted, denied lab.Handler) lab.Handler {
	return func(ctx context.Context, c *lab.Conn) {
		remote, err := netip.ParseAddrPort(c.RemoteAddr().String())
		if err == nil && lists.Grants(remote.Addr().Unmap()) {
			granted(ctx, c)
			return
		}
		denied(ctx, c)
	}
}
