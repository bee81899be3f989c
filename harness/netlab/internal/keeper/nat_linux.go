package keeper

import (
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// AddNAT redirects connections to one address to another (DNAT).
type AddNAT struct {
	From, To netip.AddrPort
}

func (a AddNAT) do(*namespace) error {
	firewall, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	table := firewall.AddTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: "resetlab-nat"})
	chain := firewall.AddChain(&nftables.Chain{
		Name: "prerouting", Table: table, Type: nftables.ChainTypeNAT,
		Hooknum: nftables.ChainHookPrerouting, Priority: nftables.ChainPriorityNATDest,
	})
	match := isTCP()
	match = append(match, equal(expr.PayloadBaseNetworkHeader, destinationOffset, a.From.Addr().AsSlice())...)
	match = append(match, equal(expr.PayloadBaseTransportHeader, destinationPortOffs, port(a.From.Port()))...)
	firewall.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: append(match,
		&expr.Immediate{Register: 1, Data: a.To.Addr().AsSlice()},
		&expr.Immediate{Register: 2, Data: port(a.To.Port())},
		&expr.NAT{Type: expr.NATTypeDestNAT, Family: unix.NFPROTO_IPV4, RegAddrMin: 1, RegProtoMin: 2},
	)})
	if err := firewall.Flush(); err != nil {
		return fmt.Errorf("redirect %v to %v: %w", a.From, a.To, err)
	}
	return nil
}

// FlushFlows empties the table of connection tracking.
type FlushFlows struct{}

func (FlushFlows) do(n *namespace) error {
	if err := n.links.ConntrackTableFlush(netlink.ConntrackTable); err != nil {
		return fmt.Errorf("flush connection tracking: %w", err)
	}
	return nil
}

// CountFlows answers with the number of flows that connection tracking knows.
type CountFlows struct{}

func (CountFlows) answer(n *namespace) (any, error) {
	flows, err := n.links.ConntrackTableList(netlink.ConntrackTable, unix.AF_INET)
	if err != nil {
		return nil, fmt.Errorf("list connection tracking: %w", err)
	}
	return len(flows), nil
}
