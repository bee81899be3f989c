package netlab

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/netlab/internal/keeper"
)

// A Feature is something that a kernel may lack, or not give to everybody.
type Feature string

const (
	Firewall           Feature = "nf_tables"
	Rejection          Feature = "nf_tables reject"
	Corruption         Feature = "nf_tables payload statement"
	ConnectionTracking Feature = "connection tracking"
	Translation        Feature = "NAT"
	SocketDestruction  Feature = "SOCK_DESTROY"
	SocketRepair       Feature = "TCP_REPAIR"
	TUN                Feature = "TUN"
	MPTCP              Feature = "MPTCP"
	MPTCPChecksums     Feature = "MPTCP checksums"
	ResetReasons       Feature = "reset reasons" // that the tracepoint tcp_send_reset tells
)

// Require tries features. The error wraps ErrUnavailable and names the first
// that is not there, and what the kernel said.
func (n *Network) Require(features ...Feature) error {
	for _, f := range features {
		err := n.try(f)
		if err != nil && !errors.Is(err, ErrUnavailable) {
			err = fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
	}
	return nil
}

// Require is the network's.
func (h *Host) Require(features ...Feature) error { return h.network.Require(features...) }

// nowhere is the keeper's scratch namespace.
const nowhere = ""

func (n *Network) try(f Feature) error {
	nobody := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, 1}), 1) // for documentation, RFC 5737
	rule := keeper.AddRule{Hook: string(Forward), Verdict: string(Drop)}
	switch f {
	case Firewall:
	case Rejection:
		rule.Verdict = string(RejectReset)
	case Corruption:
		rule.Verdict = string(Corrupt)
	case ConnectionTracking:
		rule.Invalid = true
	case Translation:
		return n.keeper.Do(nowhere, keeper.AddNAT{From: nobody, To: nobody})
	case SocketDestruction:
		err := n.keeper.Do(nowhere, keeper.DestroySocket{Local: nobody, Remote: nobody})
		if errors.Is(err, syscall.ENOENT) { // it was looked for
			return nil
		}
		return err
	case SocketRepair:
		return n.tryRepair()
	case TUN:
		return n.tryOpen(keeper.OpenTUN{Name: "tun%d", Address: netip.PrefixFrom(nobody.Addr(), 24)})
	case MPTCP:
		return n.tryMultipath()
	case MPTCPChecksums:
		return n.keeper.Do(nowhere, keeper.SetSysctl{Name: "net.mptcp.checksum_enabled", Value: "0"})
	case ResetReasons:
		return tryReasons()
	default:
		return fmt.Errorf("no feature has this name")
	}
	return n.keeper.Do(nowhere, rule)
}

func (n *Network) tryOpen(a keeper.Action) error {
	fd, err := n.keeper.Open(nowhere, a)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

func (n *Network) tryMultipath() error {
	const likeAtFirst = 2
	err := n.tryOpen(keeper.Socket{Domain: unix.AF_INET, Type: unix.SOCK_STREAM, Protocol: unix.IPPROTO_MPTCP})
	if err != nil {
		return err
	}
	return n.keeper.Do(nowhere, keeper.LimitSubflows{Most: likeAtFirst})
}

func (n *Network) tryRepair() error {
	fd, err := n.keeper.Open(nowhere, keeper.Socket{Domain: unix.AF_INET, Type: unix.SOCK_STREAM})
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return n.keeper.Give(nowhere, keeper.Repair{}, fd)
}

// tryReasons looks whether the kernel knows why it sends a RST, in its own
// description of its types, which everybody may read.
func tryReasons() error {
	const types = "/sys/kernel/btf/vmlinux"
	text, err := os.ReadFile(types)
	if err != nil {
		return fmt.Errorf("%w: the kernel has to be built with CONFIG_DEBUG_INFO_BTF", err)
	}
	if !bytes.Contains(text, []byte("SK_RST_REASON_NOT_SPECIFIED")) {
		return fmt.Errorf("%s has no reasons: Linux 6.10 or later has", types)
	}
	return nil
}
