//go:build !linux

package audit

import "net/netip"

// tellsUnread says that the kernel is not asked here.
const tellsUnread = false

// unread is not asked here.
func unread(_, _ netip.AddrPort) (bytes int64, there bool) { return 0, false }
