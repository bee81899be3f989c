package keeper

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// What Multipath TCP's path manager is asked for, by generic netlink
// (include/uapi/linux/mptcp_pm.h; Documentation/netlink/specs/mptcp_pm.yaml).
const (
	pathFamily    = "mptcp_pm"
	pathVersion   = 1
	pathAddress   = 1 // MPTCP_PM_CMD_ADD_ADDR
	pathSetLimits = 5 // MPTCP_PM_CMD_SET_LIMITS

	pathAttrAddress  = 1 // MPTCP_PM_ATTR_ADDR
	pathAttrAccepted = 2 // MPTCP_PM_ATTR_RCV_ADD_ADDRS
	pathAttrSubflows = 3 // MPTCP_PM_ATTR_SUBFLOWS

	addressAttrFamily = 1 // MPTCP_PM_ADDR_ATTR_FAMILY
	addressAttrIPv4   = 3 // MPTCP_PM_ADDR_ATTR_ADDR4
	addressAttrFlags  = 6 // MPTCP_PM_ADDR_ATTR_FLAGS

	addressForSubflows = 1 << 1 // MPTCP_PM_ADDR_FLAG_SUBFLOW
)

// AddSubflow has each connection that the host makes joined by a subflow from
// an address.
type AddSubflow struct {
	From netip.Addr
}

func (a AddSubflow) do(*namespace) error {
	address := nl.NewRtAttr(unix.NLA_F_NESTED|pathAttrAddress, nil)
	address.AddRtAttr(addressAttrFamily, binary.NativeEndian.AppendUint16(nil, unix.AF_INET))
	address.AddRtAttr(addressAttrIPv4, a.From.AsSlice())
	address.AddRtAttr(addressAttrFlags, nl.Uint32Attr(addressForSubflows))
	if err := managePaths(pathAddress, address); err != nil {
		return fmt.Errorf("add a subflow from %v: %w", a.From, err)
	}
	return nil
}

// LimitSubflows says how many subflows may join a connection of the host.
type LimitSubflows struct {
	Most uint32
}

func (a LimitSubflows) do(*namespace) error {
	err := managePaths(pathSetLimits, nl.NewRtAttr(pathAttrSubflows, nl.Uint32Attr(a.Most)),
		nl.NewRtAttr(pathAttrAccepted, nl.Uint32Attr(0)))
	if err != nil {
		return fmt.Errorf("limit the subflows to %d: %w", a.Most, err)
	}
	return nil
}

// managePaths asks the path manager of the thread's namespace.
func managePaths(command uint8, attributes ...*nl.RtAttr) error {
	family, err := netlink.GenlFamilyGet(pathFamily)
	if err != nil {
		return fmt.Errorf("%s: %w", pathFamily, err)
	}
	request := nl.NewNetlinkRequest(int(family.ID), unix.NLM_F_ACK)
	request.AddData(&nl.Genlmsg{Command: command, Version: pathVersion})
	for _, attribute := range attributes {
		request.AddData(attribute)
	}
	_, err = request.Execute(unix.NETLINK_GENERIC, 0)
	return err
}
