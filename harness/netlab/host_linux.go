package netlab

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab/internal/keeper"
)

// A Host is a network namespace. It is a lab.Stack, over IPv4.
type Host struct {
	network *Network
	name    string

	mu       sync.Mutex
	ip       netip.Addr
	protocol int // of TCP sockets; 0 is plain TCP
}

var _ lab.Stack = (*Host)(nil)

// do has the keeper do something in the host's namespace.
func (h *Host) do(a keeper.Action) error { return h.network.keeper.Do(h.name, a) }

// Name returns the host's name in its network.
func (h *Host) Name() string { return h.name }

// IP returns the host's address on its first link, 127.0.0.1 without one.
func (h *Host) IP() netip.Addr {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ip.IsValid() {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return h.ip
}

func (h *Host) adopt(ip netip.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.ip.IsValid() {
		h.ip = ip
	}
}

// AddRoute adds a route to a prefix by way of a gateway.
func (h *Host) AddRoute(to netip.Prefix, via netip.Addr) error {
	if !to.Addr().Is4() || !via.Is4() {
		return fmt.Errorf("%s: route to %v via %v: allowed are IPv4 addresses", h.name, to, via)
	}
	return h.do(keeper.AddRoute{To: to, Via: via})
}

// RemoveAddress takes an address from the host, and with it what the host
// receives at it: connections stay, and hear nothing any more.
func (h *Host) RemoveAddress(address netip.Addr) error {
	return h.do(keeper.RemoveAddress{Address: address})
}

// SetSysctl sets a sysctl below net in the host's namespace, by its name with
// dots. One that exists only for the whole machine is an error.
func (h *Host) SetSysctl(name, value string) error {
	return h.do(keeper.SetSysctl{Name: name, Value: value})
}

// Remove removes the host as if it had lost its power: nothing is said on its
// links, which stay up at the other end, and nothing comes back. Its sockets
// stay with their owners and reach nobody. The name is free again.
func (h *Host) Remove() error { return h.do(keeper.RemoveHost{}) }

// Counter returns a counter of the host's TCP by its name in /proc/net/snmp or
// /proc/net/netstat, such as "OutRsts" or "TCPAbortOnClose". One that this
// kernel does not know is an error.
func (h *Host) Counter(name string) (int64, error) {
	counters, err := h.Counters()
	if err != nil {
		return 0, err
	}
	value, ok := counters[name]
	if !ok {
		return 0, fmt.Errorf("%s: the kernel has no counter %q", h.name, name)
	}
	return value, nil
}

// Counters returns all counters of the host's TCP and MPTCP by name.
func (h *Host) Counters() (map[string]int64, error) {
	var text string
	if err := h.network.keeper.Ask(h.name, keeper.ReadCounters{}, &text); err != nil {
		return nil, err
	}
	counters := map[string]int64{}
	lines := strings.Split(text, "\n")
	for i := 0; i+1 < len(lines); i += 2 { // a line of names, a line of values
		names, values := strings.Fields(lines[i]), strings.Fields(lines[i+1])
		if len(names) == 0 || len(names) != len(values) || names[0] != values[0] {
			return nil, fmt.Errorf("%s: counters: %q and %q are no pair of lines", h.name, lines[i], lines[i+1])
		}
		if !strings.Contains(names[0], "Tcp") {
			continue
		}
		for j := 1; j < len(names); j++ {
			value, err := strconv.ParseInt(values[j], 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: counter %s: %w", h.name, names[j], err)
			}
			counters[names[j]] = value
		}
	}
	return counters, nil
}

// TimeWaits returns how many connections the host's kernel keeps that have no
// owner any more: those in TIME-WAIT, and those in FIN-WAIT-2 that were closed
// (tw in /proc/net/sockstat).
func (h *Host) TimeWaits() (int, error) {
	var count int
	err := h.network.keeper.Ask(h.name, keeper.CountTimeWaits{}, &count)
	return count, err
}
