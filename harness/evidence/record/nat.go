package record

// A NAT gives a connection another address on its far side, and with it a flow
// of its own. That the two are one connection is told by what it does not
// change: the sequence numbers with which the two ends began.

// joinNATs finds the flows that are the far side of another, in the order of
// the flows.
func (b *builder) joinNATs() {
	near := map[[2]uint32]*flow{}
	for _, f := range b.flows {
		if !f.begun[0] || !f.begun[1] {
			continue
		}
		n := near[f.start]
		switch {
		case n == nil:
			near[f.start] = f
		case n.client == f.client && n.server != f.server && n.ServerHost != f.ServerHost:
			f.NAT, f.Near = n.ServerHost, n.index
			f.pass(n)
		}
	}
}

// An alike is what a NAT leaves as it is of a segment.
type alike struct {
	side     int // of the end that sent it
	seq, ack uint32
	flags    string
	length   int
}

func (f *flow) alike(s *segment) alike {
	return alike{f.side(s.src), s.packet.Seq, s.packet.Ack, s.packet.Flags, s.packet.Len}
}

// pass marks the segments that the NAT passed from one side to the other. A
// segment of the far side that has no like on the near side went past the NAT's
// table: routed as it was, or answered beyond it.
func (f *flow) pass(near *flow) {
	seen := map[alike][]*segment{}
	for _, s := range near.segments {
		key := near.alike(s)
		seen[key] = append(seen[key], s)
	}
	for _, s := range f.segments {
		key := f.alike(s)
		if len(seen[key]) == 0 {
			continue
		}
		s.nat = f.NAT
		if passed := seen[key][0]; key.side == 0 {
			s.packet.Translated = true
		} else {
			passed.packet.Translated = true
			s.packet.Dropped = false // as far as the NAT it came
		}
		seen[key] = seen[key][1:]
	}
}
