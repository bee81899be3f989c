package offline

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/flows"
)

// The connections of several inputs are joined by what is the same wherever they
// are captured: their ends and the client's first number or, where a NAT is
// between, the first numbers of both ends. Clocks are aligned by what both saw,
// and so is told which of the captures is nearer to the client.

// A sameEnds names a connection that no NAT has changed.
type sameEnds struct {
	client, server netip.AddrPort
	number         uint32
}

// joined returns the histories of several inputs, those of one connection joined.
// spans are the times that the inputs cover.
func joined(histories []*history, inputs []InputReport) (all []*history, both uint64) {
	byEnds, byNumbers := map[sameEnds]*history{}, map[[2]uint32]*history{}
	for _, h := range histories {
		ends := sameEnds{h.client, h.server, h.numbers[0]}
		other := byEnds[ends]
		if other == nil && h.numbered && !h.guessed {
			other = byNumbers[h.numbers]
		}
		if other != nil && !slices.Contains(other.inputs, h.inputs[0]) {
			if pair, ok := align(other, h); ok {
				pair.join(inputs)
				both++
				continue
			}
		}
		all = append(all, h)
		byEnds[ends] = h
		if h.numbered && !h.guessed {
			byNumbers[h.numbers] = h
		}
	}
	return all, both
}

// An alignment is one connection in two captures.
type alignment struct {
	a, b   *history
	common map[int]int   // the events of b that are in a, too, by their indices
	offset time.Duration // how much later b's clock is
	bNear  bool          // b is nearer to the client
}

// A likeness is what a segment keeps on its way.
type likeness struct {
	host, flags string
	seq, ack    uint32
	length      int
}

func like(e *evidence.Event) likeness {
	return likeness{e.Host, e.Packet.Flags, e.Packet.Seq, e.Packet.Ack, e.Packet.Len}
}

// align finds what two captures of a connection have in common. ok is false if
// that is too little to say that they are of one connection.
func align(a, b *history) (p alignment, ok bool) {
	p = alignment{a: a, b: b, common: map[int]int{}}
	waiting := map[likeness][]int{}
	for i := range a.events {
		if a.events[i].Packet != nil {
			key := like(&a.events[i])
			waiting[key] = append(waiting[key], i)
		}
	}
	later, hops := map[string][]time.Duration{}, 0
	for i := range b.events {
		e := &b.events[i]
		if e.Packet == nil {
			continue
		}
		same := waiting[like(e)]
		if len(same) == 0 {
			continue
		}
		of := &a.events[same[0]]
		waiting[like(e)] = same[1:]
		p.common[i] = same[0]
		later[e.Host] = append(later[e.Host], b.begun.Add(e.At).Sub(a.begun.Add(of.At)))
		if e.Host == flows.Client {
			hops += of.Packet.TTL - e.Packet.TTL
		} else {
			hops -= of.Packet.TTL - e.Packet.TTL
		}
	}
	if len(p.common) < min(2, len(a.events), len(b.events)) || len(p.common) == 0 {
		return p, false
	}
	client, server := middle(later[flows.Client]), middle(later[flows.Server])
	switch {
	case len(later[flows.Client]) == 0:
		client = server
	case len(later[flows.Server]) == 0:
		server = client
	}
	p.offset = (client + server) / 2
	p.bNear = hops < 0 || hops == 0 && client < server
	return p, true
}

// middle returns the median of durations, 0 of none.
func middle(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// join enters into a what b shows beyond it.
func (p *alignment) join(inputs []InputReport) {
	a, b := p.a, p.b
	near, far := pointName(inputs, a), pointName(inputs, b)
	sighted := p.whole(inputs)
	for i := range a.events {
		if packet := a.events[i].Packet; packet != nil && sighted {
			packet.Path = []evidence.Sighting{{Host: near}}
		}
	}
	for i := range b.events {
		e := b.events[i]
		at, common := p.common[i]
		switch {
		case e.ICMP != nil:
			p.joinICMP(e)
		case e.Packet == nil:
		case common && sighted:
			path := []evidence.Sighting{{Host: near}, {Host: far}}
			if p.bNear != (e.Host == flows.Server) { // it passed b first
				slices.Reverse(path)
			}
			a.events[at].Packet.Path = path
		case common:
		default:
			e.At = b.begun.Add(e.At - p.offset).Sub(a.begun)
			e.Packet.Unknown |= evidence.FieldTTL // a's view of it is not known, and b's is another
			if sighted {
				e.Packet.Path = []evidence.Sighting{{Host: far}}
			}
			a.events = append(a.events, e)
		}
	}
	slices.SortStableFunc(a.events, func(x, y evidence.Event) int { return cmp.Compare(x.At, y.At) })
	p.sum()
}

// joinICMP enters into a what the other capture has of ICMP beyond it.
func (p *alignment) joinICMP(e evidence.Event) {
	same := func(o evidence.Event) bool {
		return o.ICMP != nil && o.Host == e.Host && o.ICMP.Message == e.ICMP.Message && o.ICMP.Seq == e.ICMP.Seq && o.ICMP.From == e.ICMP.From
	}
	if !slices.ContainsFunc(p.a.events, same) {
		e.At = p.b.begun.Add(e.At - p.offset).Sub(p.a.begun)
		p.a.events = append(p.a.events, e)
	}
}

// sum joins what is known beside the events.
func (p *alignment) sum() {
	a, b := p.a, p.b
	a.inputs = append(a.inputs, b.inputs...)
	if a.client != b.client || a.server != b.server {
		a.nat = endText(b.client) + " → " + endText(b.server)
	}
	if at := b.reset.Add(-p.offset); b.resets > 0 && (a.resets == 0 || at.Before(a.reset)) {
		a.reset, a.silence, a.alone = at, b.silence, b.alone
	}
	a.resets = max(a.resets, b.resets)
	a.oneWay = a.oneWay && b.oneWay
	a.sent.ClientBytes = max(a.sent.ClientBytes, b.sent.ClientBytes)
	a.sent.ServerBytes = max(a.sent.ServerBytes, b.sent.ServerBytes)
	a.sent.LostCaptured = min(a.sent.LostCaptured, b.sent.LostCaptured)
	if a.end == diagnose.EndOpen || a.end == diagnose.EndUnanswered {
		a.end = b.end
	}
}

// whole says whether what one capture lacks did not come by there: both have
// seen all of the connection from its beginning, and saw something later.
func (p *alignment) whole(inputs []InputReport) bool {
	const kept = 8 // RSTs that are kept, whatever comes
	a, b := p.a, p.b
	if a.guessed || b.guessed || a.oneWay || b.oneWay || a.sent.LostCaptured+b.sent.LostCaptured > 0 ||
		max(a.resets, b.resets) > kept {
		return false
	}
	in, of := inputs[a.inputs[0]], inputs[b.inputs[0]]
	if in.Error != "" || of.Error != "" {
		return false
	}
	shared := map[int]bool{}
	for i := range b.events {
		at, common := p.common[i]
		shared[at] = shared[at] || common
		if !common && !in.To.After(b.begun.Add(b.events[i].At-p.offset)) {
			return false
		}
	}
	for i := range a.events {
		if !shared[i] && !of.To.After(a.begun.Add(a.events[i].At+p.offset)) {
			return false
		}
	}
	return true
}

// pointName is what the place is called where an input was captured.
func pointName(inputs []InputReport, h *history) string {
	if name := inputs[h.inputs[0]].Name; name != "" {
		return name
	}
	return fmt.Sprintf("capture %d", h.inputs[0]+1)
}
