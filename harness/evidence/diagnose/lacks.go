package diagnose

import "github.com/resetlab/resetlab/harness/evidence"

// missing says what the capture does not show of the connection. whole is what
// its ends showed.
func (w *wire) missing(whole [2]side) []Lack {
	var unknown evidence.Fields
	syn := false
	for i := range w.segments {
		unknown |= w.segments[i].Packet.Unknown
		syn = syn || w.segments[i].Packet.Has("SYN")
	}
	var lacks []Lack
	for _, line := range []struct {
		fits bool
		lack Lack
	}{
		{!syn, LacksBegin},
		{w.silent(initiator), LacksInitiator},
		{w.silent(responder), LacksResponder},
		{w.holes() || beyond(whole[initiator]) || beyond(whole[responder]), LacksSegments},
		{unknown&evidence.FieldOptions != 0, LacksOptions},
		{unknown&(evidence.FieldTTL|evidence.FieldIPID|evidence.FieldWindow) != 0, LacksHeader},
		{unknown&evidence.FieldOrigin != 0, LacksNumbers},
	} {
		if line.fits {
			lacks = append(lacks, line.lack)
		}
	}
	return lacks
}

// silent says whether no segment of an end is there, although the other end
// acknowledges some.
func (w *wire) silent(end int) bool {
	others := false
	for i := range w.segments {
		s := &w.segments[i]
		if s.from == end {
			return false
		}
		others = others || s.Packet.Has("ACK")
	}
	return others
}

// beyond says whether more was acknowledged of an end than it was seen to send.
func beyond(e side) bool { return e.heard && e.numbered && behind(e.acked, e.next) }

// holes says whether the numbers of an end jump, and what is between did not
// come later. What the connection itself has dropped is no hole.
func (w *wire) holes() bool {
	var next [2]uint32
	var known [2]bool
	var open [2]int // how many bytes are between
	for i := range w.segments {
		s := &w.segments[i]
		if s.Packet.RST() || !s.numbered() {
			continue
		}
		jump := int32(s.Packet.Seq - next[s.from])
		switch {
		case !known[s.from] || w.dropped >= 0 && w.facts[s.fact].number > w.dropped && (w.passed || s.fact >= factsHead) && jump > 0:
			open[s.from] = 0
		case jump > 0:
			open[s.from] += int(jump)
		case jump < 0 && open[s.from] > 0:
			open[s.from] = max(0, open[s.from]-int(s.end()-s.Packet.Seq))
		}
		if !known[s.from] || behind(s.end(), next[s.from]) {
			next[s.from], known[s.from] = s.end(), true
		}
	}
	return open[initiator]+open[responder] > 0
}
