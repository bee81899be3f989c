package flows

import (
	"encoding/binary"
	"math/bits"
	"net/netip"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// The flags of a TCP header (RFC 9293, section 3.1).
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
)

// A header is what the tracker needs of a segment, taken from it once.
type header struct {
	at       int64 // nanoseconds since 1970
	seq, ack uint32
	payload  uint32
	flags    uint8
	point    uint8  // where it was captured, and in which direction
	numbered bool   // IP's header has an identification
	end      int    // where the TCP header ends in Packet.Data; 0: it is not there
	mark     uint64 // the same for a packet that is seen once more, and hardly for another
}

// read takes what is needed of a segment, which a printed trace shows.
func (h *header) read(s *evidence.Segment) {
	p := &s.Packet
	*h = header{at: s.At.UnixNano(), seq: p.Seq, ack: p.Ack, payload: uint32(p.Len), flags: flagsOf(p.Flags),
		point: pointOf(s.Point, s.Leaving), numbered: p.IPID != 0}
	h.mixAll(uint16(p.Window), uint16(p.IPID))
}

// readRaw takes what is needed of a segment that is not decoded.
func (h *header) readRaw(r *packets.RawSegment) {
	tcp, id := r.Data[r.TCP:], uint16(0)
	if r.Data[0]>>4 == 4 {
		id = binary.BigEndian.Uint16(r.Data[4:])
	}
	_ = tcp[19]
	*h = header{at: r.At.UnixNano(), seq: binary.BigEndian.Uint32(tcp[4:]), payload: uint32(r.Payload()), flags: tcp[13],
		point: pointOf(r.Point, r.Leaving), numbered: id != 0, end: min(r.TCP+int(tcp[12]>>4)*4, len(r.Data))}
	if h.has(flagACK) {
		h.ack = binary.BigEndian.Uint32(tcp[8:])
	}
	h.mixAll(binary.BigEndian.Uint16(tcp[14:]), id)
	options := r.Data[r.TCP+20 : h.end]
	for ; len(options) >= 8; options = options[8:] {
		h.mix(binary.BigEndian.Uint64(options))
	}
	if len(options) >= 4 {
		h.mix(uint64(binary.BigEndian.Uint32(options)))
	}
}

// pointOf makes a number of where a segment was captured.
func pointOf(number int, leaving bool) uint8 {
	point := uint8(number) << 1
	if leaving {
		point |= 1
	}
	return point
}

// mixAll enters into the mark what every segment has.
func (h *header) mixAll(window, id uint16) {
	h.mix(uint64(h.seq)<<32 | uint64(h.ack))
	h.mix(uint64(window)<<48 | uint64(id)<<32 | uint64(h.payload)<<8 | uint64(h.flags))
}

// mix enters a value into the mark. A product's halves together spread every bit
// over all, so that a number that is one more here and one less there shows.
func (h *header) mix(value uint64) {
	high, low := bits.Mul64(h.mark^value^0xa0761d6478bd642f, 0x9e3779b97f4a7c15)
	h.mark = high ^ low
}

// has says whether a segment has a flag.
func (h *header) has(flag uint8) bool { return h.flags&flag != 0 }

// span is how many sequence numbers a segment takes (RFC 9293, section 3.4).
func (h *header) span() uint32 {
	n := h.payload
	if h.has(flagSYN) {
		n++
	}
	if h.has(flagFIN) {
		n++
	}
	return n
}

// flagsOf reads flags that are written in words.
func flagsOf(words string) (flags uint8) {
	p := evidence.Packet{Flags: words}
	for i, name := range []string{"FIN", "SYN", "RST", "PSH", "ACK"} {
		if p.Has(name) {
			flags |= 1 << i
		}
	}
	return flags
}

// A pair is the two ends of a connection, in an order that does not depend on
// who sends.
type pair struct {
	a, b         [2]uint64 // the addresses, IPv4 as IPv6 has it
	aPort, bPort uint16
	hash         uint32 // of the others: see table.hash
}

// read takes the ends of a segment. side is 0 if the sender is its first.
func (p *pair) read(from, to netip.AddrPort, n *names) (side uint8) {
	*p = pair{a: n.halves(from.Addr()), b: n.halves(to.Addr()), aPort: from.Port(), bPort: to.Port()}
	return p.order()
}

// readRaw takes the ends of a segment that is not decoded.
func (p *pair) readRaw(r *packets.RawSegment) (side uint8) {
	ip, tcp := r.Data, r.Data[r.TCP:]
	p.aPort, p.bPort = binary.BigEndian.Uint16(tcp), binary.BigEndian.Uint16(tcp[2:])
	if ip[0]>>4 == 4 {
		const mapped = 0xffff << 32 // ::ffff:0:0/96 (RFC 4291, section 2.5.5.2)
		p.a = [2]uint64{0, mapped | uint64(binary.BigEndian.Uint32(ip[12:]))}
		p.b = [2]uint64{0, mapped | uint64(binary.BigEndian.Uint32(ip[16:]))}
		return p.order()
	}
	_ = ip[39]
	p.a = [2]uint64{binary.BigEndian.Uint64(ip[8:]), binary.BigEndian.Uint64(ip[16:])}
	p.b = [2]uint64{binary.BigEndian.Uint64(ip[24:]), binary.BigEndian.Uint64(ip[32:])}
	return p.order()
}

// is says whether two pairs are the same. Comparing them with == calls a function
// that compares memory, which takes longer.
func (p *pair) is(o *pair) bool {
	return p.a[1] == o.a[1] && p.b[1] == o.b[1] && p.aPort == o.aPort && p.bPort == o.bPort && p.a[0] == o.a[0] && p.b[0] == o.b[0]
}

// order puts the ends into their order. side is 0 if the sender, which stands
// first, stands first still.
func (p *pair) order() (side uint8) {
	if p.b[0] < p.a[0] || p.b[0] == p.a[0] && (p.b[1] < p.a[1] || p.b[1] == p.a[1] && p.bPort < p.aPort) {
		p.a, p.b, p.aPort, p.bPort = p.b, p.a, p.bPort, p.aPort
		return 1
	}
	return 0
}

// names are the hosts that a printed trace names instead of giving an address:
// they have the zone of an address of the discard prefix (see package printed).
type names struct {
	numbers map[string]uint64
	all     []netip.Addr
}

const (
	discard   = 0x0100_0000_0000_0000 // the upper half of the prefix (RFC 6666)
	nameBit   = 1 << 63               // in the lower half of an address that stands for a name
	mostNames = 1 << 16               // that are told apart
)

// halves returns an address as two numbers.
func (n *names) halves(a netip.Addr) [2]uint64 {
	if a.Is6() && a.Zone() != "" {
		return [2]uint64{discard, nameBit | n.number(a)}
	}
	bytes := a.As16()
	return [2]uint64{binary.BigEndian.Uint64(bytes[:8]), binary.BigEndian.Uint64(bytes[8:])}
}

// number returns the number of a name. All that are too many share the last one.
func (n *names) number(a netip.Addr) uint64 {
	i, known := n.numbers[a.Zone()]
	switch {
	case known:
		return i
	case len(n.all) == mostNames:
		return mostNames - 1
	case n.numbers == nil:
		n.numbers = map[string]uint64{}
	}
	i = uint64(len(n.all))
	n.numbers[a.Zone()], n.all = i, append(n.all, a)
	return i
}

// end returns one of the two ends of a pair.
func (n *names) end(p *pair, side uint8) netip.AddrPort {
	address, port := p.a, p.aPort
	if side == 1 {
		address, port = p.b, p.bPort
	}
	if i := address[1] &^ nameBit; address[0] == discard && address[1]&nameBit != 0 && i < uint64(len(n.all)) {
		return netip.AddrPortFrom(n.all[i], port)
	}
	var bytes [16]byte
	binary.BigEndian.PutUint64(bytes[:8], address[0])
	binary.BigEndian.PutUint64(bytes[8:], address[1])
	return netip.AddrPortFrom(netip.AddrFrom16(bytes).Unmap(), port)
}

// after says whether a sequence number is behind another (RFC 9293, section 3.4:
// they wrap).
func after(a, b uint32) bool { return int32(a-b) > 0 }
