package netlab

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/netlab/internal/keeper"
)

// UseMultipath makes the TCP sockets that the host opens from now on ones of
// Multipath TCP (RFC 8684). Where the feature [MPTCP] is missing, opening them
// fails.
func (h *Host) UseMultipath() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.protocol = unix.IPPROTO_MPTCP
}

// streamProtocol returns the protocol of TCP sockets to be opened.
func (h *Host) streamProtocol() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.protocol
}

// AddSubflow has every Multipath connection that the host makes joined by a
// subflow from another of its addresses (ip-mptcp(8), endpoint, subflow).
func (h *Host) AddSubflow(from netip.Addr) error {
	if !from.Is4() {
		return fmt.Errorf("%s: subflow from %v: allowed is an IPv4 address", h.name, from)
	}
	return h.do(keeper.AddSubflow{From: from})
}

// LimitSubflows says how many subflows may join each Multipath connection of
// the host, besides its first; more are refused (ip-mptcp(8), limits). The
// kernel allows 8 at most.
func (h *Host) LimitSubflows(most int) error {
	if most < 0 || most > 8 {
		return fmt.Errorf("%s: limit of %d subflows: allowed are 0 to 8", h.name, most)
	}
	return h.do(keeper.LimitSubflows{Most: uint32(most)})
}
