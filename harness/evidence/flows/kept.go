package flows

import (
	"github.com/resetlab/resetlab/harness/evidence"
)

// keptBytes is how much of a packet is kept: the headers of IP and TCP, and as
// a rule some bytes behind them, which tell a TLS alert from data.
const keptBytes = 104

// mostWhole is how much is kept of a packet whose headers have no room in that.
const mostWhole = 256 // bytes

// A kept is a segment in little room. It has no pointers, so that a garbage
// collector passes over hundreds of thousands of them.
type kept struct {
	at      int64  // nanoseconds since 1970
	order   uint32 // the how manyth of its connection it was
	length  uint32 // Packet.Length
	payload uint32 // Packet.Len
	unknown evidence.Fields
	size    uint8 // how many bytes of data there are; 0: the packet is among pool.whole
	from    uint8 // the side that sent it; the bit leaving is Segment.Leaving
	data    [keptBytes]byte
}

// leaving is a bit of kept.from.
const leaving = 0x80

// A pool holds segments, each at a number, and gives their room out again.
type pool struct {
	blocks []*[poolBlock]kept
	made   int32
	free   []int32
	whole  map[int32]evidence.Packet // what does not fit: of printed traces, and with long headers
	decode evidence.Decoder
}

const poolBlock = 1024

// at returns the segment of a number.
func (p *pool) at(i int32) *kept { return &p.blocks[i/poolBlock][i%poolBlock] }

// full says whether the pool holds as many segments as it may.
func (p *pool) full(most int32) bool { return len(p.free) == 0 && p.made >= most }

// take finds room for a segment.
func (p *pool) take() int32 {
	if n := len(p.free); n > 0 {
		i := p.free[n-1]
		p.free = p.free[:n-1]
		return i
	}
	if p.made%poolBlock == 0 {
		p.blocks = append(p.blocks, new([poolBlock]kept))
	}
	p.made++
	return p.made - 1
}

// release gives room back.
func (p *pool) release(i int32) {
	if len(p.whole) > 0 && p.at(i).size == 0 {
		delete(p.whole, i)
	}
	p.free = append(p.free, i)
}

// A form is a segment in one of the two forms in which segments come.
type form struct {
	raw     *evidence.RawSegment
	decoded *evidence.Segment // nil: raw has it
}

// fill keeps a segment at a number that was taken.
func (p *pool) fill(i int32, s form, h *header, side uint8, order uint32) {
	k := p.at(i)
	if len(p.whole) > 0 && k.size == 0 {
		delete(p.whole, i) // of what was there before
	}
	k.at, k.order, k.from, k.payload = h.at, order, side, h.payload
	if h.point&1 != 0 {
		k.from |= leaving
	}
	if s.decoded == nil && h.end <= keptBytes {
		k.unknown, k.length = s.raw.Unknown, uint32(s.raw.Length)
		k.size = uint8(copy(k.data[:], s.raw.Data))
		return
	}
	k.size = 0
	p.keepWhole(i, s)
}

// keepWhole keeps a segment that has no room in a kept.
func (p *pool) keepWhole(i int32, s form) {
	if p.whole == nil {
		p.whole = map[int32]evidence.Packet{}
	}
	var packet evidence.Packet
	if s.decoded != nil {
		packet = s.decoded.Packet
	} else {
		packet = p.decode.Decode(s.raw).Packet
	}
	packet.Data = append([]byte(nil), packet.Data[:min(len(packet.Data), mostWhole)]...)
	p.whole[i] = packet
}

// packet returns the segment at a number as it came.
func (p *pool) packet(i int32) evidence.Packet {
	k := p.at(i)
	if k.size == 0 {
		return p.whole[i]
	}
	s, _ := p.decode.Segment(append([]byte(nil), k.data[:k.size]...), int(k.length))
	s.Packet.Len, s.Packet.Length, s.Packet.Unknown = int(k.payload), int(k.length), k.unknown
	return s.Packet
}
