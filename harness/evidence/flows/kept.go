package flows

import (
	"math"
	"math/bits"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
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

// A pool holds segments, each at a number, and gives their room out again. As
// long as it can it gives out what stands together one after the other: memory
// that is written in its order is in a processor's cache in time.
type pool struct {
	blocks []*[poolBlock]kept
	used   []uint64                  // a bit for each number: 64 numbers are a shelf
	empty  []int32                   // shelves
	shelf  int32                     // from which room is taken
	size   int32                     // how many numbers are taken
	whole  map[int32]evidence.Packet // what does not fit: of printed traces, and with long headers
	decode packets.Decoder
}

const poolBlock = 1024

// at returns the segment of a number.
func (p *pool) at(i int32) *kept { return &p.blocks[i/poolBlock][i%poolBlock] }

// take finds room for a segment. The pool is to hold so many at most, and holds
// fewer.
func (p *pool) take(most int) int32 {
	if len(p.used) == 0 || p.used[p.shelf] == math.MaxUint64 {
		p.turn(most)
	}
	bit := bits.TrailingZeros64(^p.used[p.shelf])
	p.used[p.shelf] |= 1 << bit
	p.size++
	return p.shelf*64 + int32(bit)
}

// turn turns to the next shelf that has room.
func (p *pool) turn(most int) {
	if n := len(p.empty); n > 0 {
		p.shelf, p.empty = p.empty[n-1], p.empty[:n-1]
		return
	}
	if len(p.used)*64 >= most {
		for p.used[p.shelf] == math.MaxUint64 {
			p.shelf = (p.shelf + 1) % int32(len(p.used))
		}
		return
	}
	if len(p.used)*64%poolBlock == 0 {
		p.blocks = append(p.blocks, new([poolBlock]kept))
	}
	p.shelf = int32(len(p.used))
	p.used = append(p.used, 0)
}

// release gives the room of segments back.
func (p *pool) release(numbers []int32) {
	for _, i := range numbers {
		shelf := i / 64
		p.used[shelf] &^= 1 << (i % 64)
		if p.used[shelf] == 0 && shelf != p.shelf {
			p.empty = append(p.empty, shelf)
		}
		if len(p.whole) > 0 {
			delete(p.whole, i)
		}
	}
	p.size -= int32(len(numbers))
}

// A form is a segment in one of the forms in which segments come.
type form struct {
	ready   *kept               // as it is kept; nil: another has it
	raw     *packets.RawSegment // likewise
	decoded *evidence.Segment
}

// fill takes what is kept of a segment of which there is room for everything.
func (k *kept) fill(r *packets.RawSegment, h *header) {
	k.at, k.length, k.payload, k.unknown = h.at, uint32(r.Length), h.payload, r.Unknown
	k.size = uint8(copy(k.data[:], r.Data))
}

// keep keeps a segment at a number that was taken.
func (p *pool) keep(i int32, s form, h *header, side uint8, order uint32) {
	k := p.at(i)
	if s.ready != nil {
		*k = *s.ready
	} else {
		k.at, k.payload, k.size = h.at, h.payload, 0
	}
	k.order, k.from = order, side
	if h.point&1 != 0 {
		k.from |= leaving
	}
	if s.ready == nil {
		p.keepWhole(i, s)
	} else if len(p.whole) > 0 {
		delete(p.whole, i) // of what was there before
	}
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
