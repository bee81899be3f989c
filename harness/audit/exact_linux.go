package audit

import (
	"net/netip"

	"github.com/resetlab/resetlab/harness/internal/sockdiag"
)

// tellsUnread says that the kernel tells how much of what has come nobody has read.
const tellsUnread = true

// unread returns how many bytes the client's end of a connection has that nobody
// has read, and whether it is there: otherwise a RST has ended it, the client has
// closed it, or it is on another machine.
func unread(client, proxy netip.AddrPort) (bytes int64, there bool) {
	s, ok := sockdiag.Between(unmapped(client), unmapped(proxy))
	return int64(s.Unread), ok && s.Inode != 0
}

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
