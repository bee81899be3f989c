package netlab

import "github.com/resetlab/resetlab/harness/netlab/internal/keeper"

// A Block is a rule in a host's firewall.
type Block struct {
	host *Host
	rule keeper.RemoveRule
}

// Block adds a rule behind the others of its hook, also for the connections
// that are open.
func (h *Host) Block(r Rule) (*Block, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	h.network.mu.Lock()
	h.network.rules++
	id := h.network.rules
	h.network.mu.Unlock()
	err := h.do(keeper.AddRule{
		ID: id, Hook: string(r.Hook), Verdict: string(r.Verdict),
		Source: r.Source.Addr(), SourcePort: r.Source.Port(),
		Destination: r.Destination.Addr(), DestinationPort: r.Destination.Port(),
		Invalid: r.Invalid, Reset: r.Reset, NoReset: r.NoReset, NoSYN: r.NoSYN, OtherThanThisTTL: r.NotTTL,
	})
	if err != nil {
		return nil, err
	}
	return &Block{host: h, rule: keeper.RemoveRule{ID: id, Hook: string(r.Hook)}}, nil
}

// Lift removes the rule; once more is an error.
func (b *Block) Lift() error { return b.host.do(b.rule) }

// Translate makes the host, a router, redirect connections.
func (h *Host) Translate(n NAT) error {
	if err := n.check(); err != nil {
		return err
	}
	return h.do(keeper.AddNAT{From: n.From, To: n.To})
}

// ForgetFlows makes connection tracking forget every flow through the host: a
// NAT then no longer knows where their segments belong.
func (h *Host) ForgetFlows() error { return h.do(keeper.FlushFlows{}) }

// Flows returns how many flows through the host connection tracking knows. One
// that was idle for longer than it is kept (the sysctl
// net.netfilter.nf_conntrack_tcp_timeout_established, in seconds) is none.
// Tracking begins with the first NAT, or rule for what is invalid.
func (h *Host) Flows() (int, error) {
	var flows int
	err := h.network.keeper.Ask(h.name, keeper.CountFlows{}, &flows)
	return flows, err
}
