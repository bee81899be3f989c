package netlab

import (
	"context"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/netlab/internal/keeper"
)

// A Peer is a machine without a TCP of its own: it sends the segments that it
// is told to, also those that no kernel would, and is given those that a host
// sends to it.
type Peer struct {
	host *Host
	ip   netip.Addr
	packets
}

// Peer puts a peer at the other end of a TUN device of the host, which is a
// link of the network: see [Network.Link]. Close it. An error that wraps
// ErrUnavailable says why there can be no TUN device.
func (h *Host) Peer() (*Peer, error) {
	k, here, there, err := h.network.address()
	if err != nil {
		return nil, err
	}
	fd, err := h.network.keeper.Open(h.name, keeper.OpenTUN{
		Name: fmt.Sprintf("tun%d", k), Address: netip.PrefixFrom(here, linkBits),
	})
	if err != nil {
		return nil, fmt.Errorf("peer: %w", err)
	}
	h.adopt(here)
	return &Peer{host: h, ip: there, packets: newPackets(fd, "peer of "+h.name)}, nil
}

// IP returns the peer's address. The whole of its /16 but the host's own
// address is routed to it.
func (p *Peer) IP() netip.Addr { return p.ip }

// Send sends a segment to the host.
func (p *Peer) Send(s Segment) error {
	packet, err := s.MarshalBinary()
	if err != nil {
		return fmt.Errorf("peer of %s: %w", p.host.name, err)
	}
	if _, err := p.file.Write(packet); err != nil {
		return fmt.Errorf("peer of %s: send %v: %w", p.host.name, s, err)
	}
	return nil
}

// Receive returns the next segment that the host sends to the peer. One
// goroutine at a time may wait.
func (p *Peer) Receive(ctx context.Context) (Segment, error) {
	for {
		packet, err := p.next(ctx, unix.Read)
		if err != nil {
			return Segment{}, fmt.Errorf("peer of %s: receive: %w", p.host.name, err)
		}
		if segment, err := ParseSegment(packet); err == nil {
			return segment, nil
		}
	}
}
