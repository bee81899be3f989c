package keeper

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/google/nftables"
	"github.com/google/nftables/binaryutil"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"
)

// AddRule puts a rule behind the others of its hook. Zero fields match
// everything. The strings are those of netlab's types.
type AddRule struct {
	ID               int // by which RemoveRule finds it
	Hook, Verdict    string
	Source           netip.Addr
	SourcePort       uint16
	Destination      netip.Addr
	DestinationPort  uint16
	Invalid          bool
	Reset, NoReset   bool
	NoSYN            bool
	OtherThanThisTTL uint8
}

// filterTable holds a host's rules.
func filterTable() *nftables.Table {
	return &nftables.Table{Family: nftables.TableFamilyIPv4, Name: "resetlab"}
}

func (a AddRule) do(*namespace) error {
	firewall, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	hook := map[string]*nftables.ChainHook{
		"input": nftables.ChainHookInput, "output": nftables.ChainHookOutput, "forward": nftables.ChainHookForward,
	}[a.Hook]
	table := firewall.AddTable(filterTable())
	chain := firewall.AddChain(&nftables.Chain{
		Name: a.Hook, Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: hook, Priority: nftables.ChainPriorityFilter,
	})
	firewall.AddRule(&nftables.Rule{
		Table: table, Chain: chain, Exprs: a.expressions(), UserData: strconv.AppendInt(nil, int64(a.ID), 10),
	})
	if err := firewall.Flush(); err != nil {
		return fmt.Errorf("add a rule at %s: %w", a.Hook, err)
	}
	return nil
}

// RemoveRule removes the rule with this ID.
type RemoveRule struct {
	ID   int
	Hook string
}

func (a RemoveRule) do(*namespace) error {
	firewall, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	chain := &nftables.Chain{Name: a.Hook, Table: filterTable()}
	rules, err := firewall.GetRules(chain.Table, chain)
	if err != nil {
		return fmt.Errorf("list the rules at %s: %w", a.Hook, err)
	}
	for _, rule := range rules {
		if string(rule.UserData) != strconv.Itoa(a.ID) {
			continue
		}
		if err := firewall.DelRule(rule); err != nil {
			return fmt.Errorf("remove a rule at %s: %w", a.Hook, err)
		}
		if err := firewall.Flush(); err != nil {
			return fmt.Errorf("remove a rule at %s: %w", a.Hook, err)
		}
		return nil
	}
	return fmt.Errorf("remove a rule at %s: it is not there", a.Hook)
}

// Offsets in the IPv4 header (RFC 791, section 3.1) and the TCP header
// (RFC 9293, section 3.1).
const (
	ttlOffset, protocolOffset             = 8, 9
	sourceOffset, destinationOffset       = 12, 16
	sourcePortOffset, destinationPortOffs = 0, 2
	flagsOffset                           = 13
	flagSYN, flagRST                      = 0x02, 0x04
)

// load puts bytes of a header into register 1.
func load(base expr.PayloadBase, offset, length uint32) expr.Any {
	return &expr.Payload{DestRegister: 1, Base: base, Offset: offset, Len: length}
}

// equal matches bytes of a header.
func equal(base expr.PayloadBase, offset uint32, value []byte) []expr.Any {
	return []expr.Any{
		load(base, offset, uint32(len(value))),
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: value},
	}
}

// anyBit matches if register 1 has one of the bits of mask.
func anyBit(mask []byte) []expr.Any { return bits(expr.CmpOpNeq, mask) }

// noBit matches if register 1 has none of the bits of mask.
func noBit(mask []byte) []expr.Any { return bits(expr.CmpOpEq, mask) }

// bits compares the bits of mask in register 1 with zero.
func bits(op expr.CmpOp, mask []byte) []expr.Any {
	zero := make([]byte, len(mask))
	return []expr.Any{
		&expr.Bitwise{SourceRegister: 1, DestRegister: 1, Len: uint32(len(mask)), Mask: mask, Xor: zero},
		&expr.Cmp{Op: op, Register: 1, Data: zero},
	}
}

// isTCP matches TCP; what looks into its header must come behind it.
func isTCP() []expr.Any {
	return equal(expr.PayloadBaseNetworkHeader, protocolOffset, []byte{unix.IPPROTO_TCP})
}

// port is a port as the header has it.
func port(p uint16) []byte { return binary.BigEndian.AppendUint16(nil, p) }

// expressions is the rule as nftables' virtual machine runs it.
func (a AddRule) expressions() []expr.Any {
	var all []expr.Any
	if a.SourcePort != 0 || a.DestinationPort != 0 || a.Reset || a.NoReset || a.NoSYN ||
		a.Verdict == "reject-reset" || a.Verdict == "corrupt" {
		all = append(all, isTCP()...)
	}
	if a.Source.IsValid() {
		all = append(all, equal(expr.PayloadBaseNetworkHeader, sourceOffset, a.Source.AsSlice())...)
	}
	if a.Destination.IsValid() {
		all = append(all, equal(expr.PayloadBaseNetworkHeader, destinationOffset, a.Destination.AsSlice())...)
	}
	if a.SourcePort != 0 {
		all = append(all, equal(expr.PayloadBaseTransportHeader, sourcePortOffset, port(a.SourcePort))...)
	}
	if a.DestinationPort != 0 {
		all = append(all, equal(expr.PayloadBaseTransportHeader, destinationPortOffs, port(a.DestinationPort))...)
	}
	if a.Reset {
		all = append(all, load(expr.PayloadBaseTransportHeader, flagsOffset, 1))
		all = append(all, anyBit([]byte{flagRST})...)
	}
	if a.NoReset {
		all = append(all, load(expr.PayloadBaseTransportHeader, flagsOffset, 1))
		all = append(all, noBit([]byte{flagRST})...)
	}
	if a.NoSYN {
		all = append(all, load(expr.PayloadBaseTransportHeader, flagsOffset, 1))
		all = append(all, noBit([]byte{flagSYN})...)
	}
	if a.OtherThanThisTTL != 0 {
		all = append(all, load(expr.PayloadBaseNetworkHeader, ttlOffset, 1),
			&expr.Cmp{Op: expr.CmpOpNeq, Register: 1, Data: []byte{a.OtherThanThisTTL}})
	}
	if a.Invalid {
		all = append(all, &expr.Ct{Register: 1, Key: expr.CtKeySTATE})
		all = append(all, anyBit(binaryutil.NativeEndian.PutUint32(expr.CtStateBitINVALID))...)
	}
	if a.Verdict == "corrupt" {
		return append(all, corrupt()...)
	}
	return append(all, a.verdict())
}

// corrupt changes two bytes of the payload of a long TCP segment. The headers
// end before them: IPv4's has 20 bytes without options, TCP's at most 60.
func corrupt() []expr.Any {
	const lengthOffset, longest = 2, 20 + 60 + 160 - 1
	const payloadOffset, checksumOffset = 60, 16
	return []expr.Any{
		load(expr.PayloadBaseNetworkHeader, lengthOffset, 2),
		&expr.Cmp{Op: expr.CmpOpGt, Register: 1, Data: binary.BigEndian.AppendUint16(nil, longest)},
		&expr.Immediate{Register: 1, Data: []byte("??")},
		&expr.Payload{
			OperationType: expr.PayloadWrite, SourceRegister: 1, Base: expr.PayloadBaseTransportHeader,
			Offset: payloadOffset, Len: 2, CsumType: expr.CsumTypeInet, CsumOffset: checksumOffset,
		},
	}
}

// verdict is the verdict as nftables knows it. The codes are those of ICMP
// destination unreachable (RFC 792; RFC 1812, section 5.2.7.1).
func (a AddRule) verdict() expr.Any {
	switch a.Verdict {
	case "reject-reset":
		return &expr.Reject{Type: unix.NFT_REJECT_TCP_RST}
	case "reject-port":
		return &expr.Reject{Type: unix.NFT_REJECT_ICMP_UNREACH, Code: 3}
	case "reject-host":
		return &expr.Reject{Type: unix.NFT_REJECT_ICMP_UNREACH, Code: 1}
	case "reject-admin":
		return &expr.Reject{Type: unix.NFT_REJECT_ICMP_UNREACH, Code: 13}
	}
	return &expr.Verdict{Kind: expr.VerdictDrop}
}
