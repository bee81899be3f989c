package keeper

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// QuickACK has what comes over the loopback acknowledged at once, not up to 40
// ms later (ip-route(8), quickack; include/net/inet_connection_sock.h,
// TCP_DELACK_MIN). It is true of all addresses of 127.0.0.0/8 but 127.0.0.1, to
// which the kernel has a route of its own.
type QuickACK struct{}

func (QuickACK) do(n *namespace) error {
	err := n.links.RouteReplace(&netlink.Route{
		Dst: ipNet(netip.MustParsePrefix("127.0.0.0/8")), LinkIndex: loopbackIndex, Table: unix.RT_TABLE_LOCAL,
		Type: unix.RTN_LOCAL, Scope: netlink.SCOPE_HOST, QuickACK: 1,
	})
	if err != nil {
		return fmt.Errorf("set quickack on the loopback's route: %w", err)
	}
	return nil
}

// Pin has everything that the keeper does done on one processor: what is sent
// there passes the queue that others on the same processor use.
type Pin struct {
	Processor int
}

// do pins the threads that there are; those to come take after them.
func (a Pin) do(*namespace) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("list the threads: %w", err)
	}
	var only unix.CPUSet
	only.Set(a.Processor)
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			continue
		}
		if err := unix.SchedSetaffinity(id, &only); err != nil && err != unix.ESRCH { // one that has ended
			return os.NewSyscallError("sched_setaffinity", err)
		}
	}
	return nil
}
