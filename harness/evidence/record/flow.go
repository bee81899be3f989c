package record

import (
	"net/netip"
	"slices"

	"github.com/resetlab/resetlab/harness/evidence"
)

// A pair is the two ends of a connection, the lower one first.
type pair struct{ a, b netip.AddrPort }

func pairOf(a, b netip.AddrPort) pair {
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	return pair{a, b}
}

// A flow is a connection as it is found.
type flow struct {
	evidence.Flow
	index          int
	first          instant // its first call or segment
	client, server netip.AddrPort
	start          [2]uint32  // the initial sequence numbers of client and server
	begun          [2]bool    // whether they are known
	segments       []*segment // in order
}

// newFlow enters a flow.
func (b *builder) newFlow(client, server netip.AddrPort, first instant) *flow {
	f := &flow{first: first, client: client, server: server, segments: make([]*segment, 0, 12)}
	f.Server = server.String()
	b.flows = append(b.flows, f)
	if client.IsValid() {
		f.Client = client.String()
		key := pairOf(client, server)
		b.byPair[key] = append(b.byPair[key], f)
	}
	return f
}

// side returns the index of the end with this address.
func (f *flow) side(address netip.AddrPort) int {
	if address == f.client {
		return 0
	}
	return 1
}

// hostAt returns the lifeline of the end with this address.
func (f *flow) hostAt(address netip.AddrPort) string {
	if f.side(address) == 0 {
		return f.ClientHost
	}
	return f.ServerHost
}

// joinSegments finds the flow of each segment, and drops those of connections
// that the run knows nothing of: others may use the same address.
func (b *builder) joinSegments() {
	ours := map[netip.AddrPort]bool{}
	for address := range b.names {
		ours[address] = true
	}
	for _, c := range b.order {
		ours[c.local], ours[c.remote] = true, true
	}
	for i := range b.segments {
		s := &b.segments[i]
		if ours[s.src] || ours[s.dst] || b.hostNames[s.src.Addr()] != "" || b.hostNames[s.dst.Addr()] != "" {
			b.addSegment(s)
		}
	}
}

// addSegment finds the flow of a segment, a new one if it is a SYN that no
// flow began with.
func (b *builder) addSegment(s *segment) {
	var f *flow
	if same := b.byPair[pairOf(s.src, s.dst)]; len(same) > 0 {
		f = same[len(same)-1]
	}
	opens := s.syn && !s.ack
	if f == nil || opens && f.begun[0] && (f.client != s.src || f.start[0] != s.packet.Seq) {
		client, server := s.src, s.dst
		if _, listens := b.names[s.src]; !opens && (s.syn || listens) { // the capture began behind the SYN
			client, server = server, client
		}
		previous := f
		f = b.newFlow(client, server, s.at)
		if previous != nil && previous.client == f.client { // what is left of the old one still answers
			f.start[1], f.begun[1] = previous.start[1], previous.begun[1]
		}
	}
	f.add(s)
}

// add enters a segment, with sequence numbers relative to those with which the
// two ends began.
func (f *flow) add(s *segment) {
	from := f.side(s.src)
	if s.syn {
		f.start[from], f.begun[from] = s.packet.Seq, true
	}
	base := f.start[from]
	switch {
	case f.begun[from]:
	case s.packet.RST(): // the answer of one who has no connection
		base = s.packet.Seq
	default:
		base = s.packet.Seq - 1
		f.start[from], f.begun[from] = base, true
	}
	s.packet.Seq -= base
	if s.ack {
		if !f.begun[1-from] {
			f.start[1-from], f.begun[1-from] = s.packet.Ack-1, true
		}
		s.packet.Ack -= f.start[1-from]
	}
	f.segments = append(f.segments, s)
}

// flowAt returns the flow between two ends at a time: the last one that had
// begun then, or the first one.
func (b *builder) flowAt(local, remote netip.AddrPort, at instant) *flow {
	same := b.byPair[pairOf(local, remote)]
	if len(same) == 0 {
		return nil
	}
	for _, f := range slices.Backward(same) {
		if f.first <= at {
			return f
		}
	}
	return same[0]
}
