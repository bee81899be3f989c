package suite

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/vishvananda/netlink"
)

// raiseLoopback raises the loopback interface where it is down, as it is in a
// network namespace that was just made (unshare -Urn). The machine's own is
// left alone.
func raiseLoopback() error {
	const name = "lo"
	lo, err := net.InterfaceByName(name)
	if err != nil || lo.Flags&net.FlagUp != 0 {
		return nil // if it is not there at all the specs will say so
	}
	const down = "the loopback interface is down: raise it with ip link set lo up: %w"
	machines, err := os.Readlink("/proc/1/ns/net") // who may not read it is in another namespace
	ours, ownErr := os.Readlink("/proc/self/ns/net")
	if err == nil && machines == ours || ownErr != nil {
		return fmt.Errorf(down, errors.Join(errors.New("it may be the machine's own"), ownErr))
	}
	link, err := netlink.LinkByName(name)
	if err == nil {
		err = netlink.LinkSetUp(link)
	}
	if err != nil {
		return fmt.Errorf(down, err)
	}
	return nil
}
