package diagnose_test

import (
	"net/netip"
	"slices"

	"github.com/gopacket/gopacket/layers"

	"github.com/resetlab/resetlab/harness/netlab"
)

// A scriptedPeer is a client behind the router that is no kernel, as those are of
// the scenario that the scenes with it are the twins of.
type scriptedPeer struct {
	*stage
	*netlab.Peer
	next netlab.Segment // what it sends next, without data
}

// meetPeer connects such a client, which can do SACK, to the server.
func (s *stage) meetPeer() scriptedPeer {
	s.Helper()
	peer, err := s.router.Peer()
	s.must(err)
	s.Cleanup(func() { peer.Close() })
	listener := s.listen()
	defer listener.Close()
	p := scriptedPeer{stage: s, Peer: peer}
	p.say(netlab.Segment{Source: netip.AddrPortFrom(peer.IP(), 4711), Destination: netip.MustParseAddrPort(listener.Addr()),
		Seq: 1000, Flags: netlab.SYN, Window: 65535,
		Options: []layers.TCPOption{{OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2}}})
	answer := p.hear(netlab.SYN | netlab.ACK)
	p.next = netlab.Segment{Source: answer.Destination, Destination: answer.Source, Seq: answer.Ack, Ack: answer.Next(),
		Flags: netlab.ACK, Window: 65535}
	p.say(p.next)
	s.accept(listener)
	s.shaken = p.next
	return p
}

// say has it send a segment.
func (p scriptedPeer) say(segment netlab.Segment) {
	p.Helper()
	p.must(p.Send(segment))
}

// says has it send a text so many bytes behind its next number.
func (p scriptedPeer) says(behind uint32, text string) {
	p.Helper()
	segment := p.next
	segment.Seq, segment.Payload = segment.Seq+behind, []byte(text)
	p.say(segment)
}

// hear waits for a segment to it with these flags.
func (p scriptedPeer) hear(flags netlab.Flags) netlab.Segment {
	p.Helper()
	for {
		segment, err := p.Receive(p.ctx)
		p.must(err)
		if segment.Flags == flags {
			return segment
		}
	}
}

// forged has the router send a RST in its name, so many bytes behind its next
// number, with the marks of its segments.
func (p scriptedPeer) forged(behind uint32) {
	p.Helper()
	p.send(netlab.Segment{Source: p.next.Source, Destination: p.next.Destination, Seq: p.next.Seq + behind,
		Flags: netlab.RST, Window: p.next.Window, TTL: oneHop})
}

// forgedBeforeRequest: the client knows nothing of it, and goes on.
func forgedBeforeRequest(s *stage) {
	p := s.meetPeer()
	p.forged(0)
	s.must(s.far.AwaitReset(s.ctx))
	p.says(0, "a")
	p.hear(netlab.RST)
}

// forgedAheadOfRequest: nobody has sent what would be before the RST.
func forgedAheadOfRequest(s *stage) {
	p := s.meetPeer()
	p.forged(15)
	p.says(0, "a")
	s.reads(s.far, "a")
}

func forgedBehindRequest(s *stage) {
	p := s.meetPeer()
	p.says(0, "a")
	s.reads(s.far, "a")
	p.hear(netlab.ACK)
	p.forged(1)
	s.must(s.far.AwaitReset(s.ctx))
}

// forgedBehindHole: the RST has the number behind what the server told of by SACK.
func forgedBehindHole(s *stage) {
	p := s.meetPeer()
	p.says(10, "later")
	if told := p.hear(netlab.ACK); !slices.ContainsFunc(told.Options, isSACK) {
		s.Fatalf("the server answered %v, want SACK", told)
	}
	p.forged(15)
	s.must(s.far.AwaitReset(s.ctx))
	p.says(0, "a")
	p.hear(netlab.RST)
}

func isSACK(o layers.TCPOption) bool { return o.OptionType == layers.TCPOptionKindSACK }
