package savefile

import (
	"encoding/binary"
	"fmt"
)

// Types of blocks of the pcapng specification.
const (
	sectionHeader  = 0x0a0d0d0a
	interfaceBlock = 1
	oldPacket      = 2
	simplePacket   = 3
	statistics     = 5
	enhancedPacket = 6
)

// maxInterfaces is how many interfaces a file may describe.
const maxInterfaces = 1 << 16

// pcapng is a file of sections, each with its byte order and its interfaces.
type pcapng struct {
	in         *stream
	order      binary.ByteOrder // of the section; nil before the first
	big        bool
	interfaces []networkInterface // of the section
	before     int                // how many interfaces the earlier sections had
	lost       uint64             // packets that these dropped
}

// A networkInterface is one that a capture had.
type networkInterface struct {
	link    uint16
	snap    uint32 // the most bytes that are kept of a packet; 0: no limit
	clock   clock
	dropped uint64 // as the last statistics say
	missing uint64 // the sum of what the packets say that was dropped before them
}

func (n *networkInterface) lost() uint64 { return max(n.dropped, n.missing) }

func (p *pcapng) dropped() uint64 {
	sum := p.lost
	for i := range p.interfaces {
		sum += p.interfaces[i].lost()
	}
	return sum
}

// next reads blocks until one is a packet.
func (p *pcapng) next(f *frame) error {
	for {
		start, err := p.in.take(8)
		if err != nil {
			return err
		}
		kind := p.number(start)
		if kind == sectionHeader {
			if err := p.section([4]byte(start[4:])); err != nil {
				return err
			}
			continue
		}
		length := p.number(start[4:])
		if p.order == nil || length < 12 || length%4 != 0 {
			return fmt.Errorf("a block of %d bytes: want a multiple of 4 from 12 on", length)
		}
		if got, err := p.block(kind, int64(length)-12, f); got || err != nil {
			return err
		}
	}
}

// section begins a section, which may have another byte order than the last.
func (p *pcapng) section(rawLength [4]byte) error {
	for i := range p.interfaces {
		p.lost += p.interfaces[i].lost()
	}
	p.before += len(p.interfaces)
	p.interfaces = p.interfaces[:0]
	head, err := p.in.rest(8)
	if err != nil {
		return err
	}
	switch {
	case binary.LittleEndian.Uint32(head) == 0x1a2b3c4d:
		p.order = binary.LittleEndian
	case binary.BigEndian.Uint32(head) == 0x1a2b3c4d:
		p.order = binary.BigEndian
	default:
		return fmt.Errorf("a section of the byte order % x: want 1a 2b 3c 4d or the reverse", head[:4])
	}
	p.big = p.order == binary.BigEndian
	if major := p.order.Uint16(head[4:]); major != 1 {
		return fmt.Errorf("%w: pcapng of version %d, want 1", ErrFormat, major)
	}
	length := p.order.Uint32(rawLength[:])
	if length < 28 || length%4 != 0 {
		return fmt.Errorf("a section header of %d bytes: want a multiple of 4 from 28 on", length)
	}
	return p.in.skip(int64(length) - 16)
}

// block reads the block of which body bytes follow, and its second length. got
// says that it was a packet.
func (p *pcapng) block(kind uint32, body int64, f *frame) (got bool, err error) {
	switch kind {
	case interfaceBlock, oldPacket, simplePacket, statistics, enhancedPacket:
	default: // names, secrets, logs and what others invented
		return false, p.in.skip(body + 4)
	}
	if body+4 > window {
		return false, fmt.Errorf("a block of %d bytes: want at most %d", body+12, window+8)
	}
	b, err := p.in.rest(int(body) + 4)
	if err != nil {
		return false, err
	}
	if again := p.number(b[body:]); int64(again) != body+12 {
		return false, fmt.Errorf("a block of %d bytes that says %d at its end", body+12, again)
	}
	b = b[:body]
	switch kind {
	case interfaceBlock:
		return false, p.describe(b)
	case statistics:
		return false, p.statistics(b)
	case simplePacket:
		return true, p.simple(b, f)
	case oldPacket:
		return true, p.packet(b, true, f)
	}
	return true, p.packet(b, false, f)
}

// packet reads an enhanced packet block, or the packet block that was before it.
func (p *pcapng) packet(b []byte, old bool, f *frame) error {
	if len(b) < 20 {
		return fmt.Errorf("a packet block with %d bytes: want 20 or more", len(b))
	}
	of, missing := p.number(b), 0
	if old {
		of, missing = uint32(p.order.Uint16(b)), int(p.order.Uint16(b[2:]))
		if missing == 0xffff { // not known
			missing = 0
		}
	}
	captured, length := p.number(b[12:]), p.number(b[16:])
	if int64(captured) > int64(len(b)-20) || captured > maxCaptured {
		return fmt.Errorf("a packet of %d bytes in a block with room for %d", captured, len(b)-20)
	}
	if int64(of) >= int64(len(p.interfaces)) {
		return fmt.Errorf("a packet of interface %d: the section describes %d", of, len(p.interfaces))
	}
	from := &p.interfaces[of]
	from.missing += uint64(missing)
	f.at = from.clock.time(uint64(p.number(b[4:]))<<32 | uint64(p.number(b[8:])))
	f.link, f.point.number = from.link, p.before+int(of)
	f.data, f.length = b[20:20+captured], int(max(captured, length))
	if options := 20 + (int(captured)+3)&^3; len(b) >= options+8 {
		p.packetOptions(b[options:], from, f)
	}
	return nil
}

// packetOptions takes the direction of a packet and the count of those dropped
// before it.
func (p *pcapng) packetOptions(b []byte, from *networkInterface, f *frame) {
	for code, value := range p.options(b) {
		switch {
		case code == 2 && len(value) == 4:
			f.leaving = p.number(value)&3 == 2
		case code == 4 && len(value) == 8:
			from.missing += p.order.Uint64(value)
		}
	}
}

// simple reads a simple packet block, which has no time.
func (p *pcapng) simple(b []byte, f *frame) error {
	if len(b) < 4 || len(p.interfaces) == 0 {
		return fmt.Errorf("a simple packet block with %d bytes in a section of %d interfaces: want 4 or more and one",
			len(b), len(p.interfaces))
	}
	length, from := p.number(b), &p.interfaces[0]
	captured := min(length, uint32(len(b)-4))
	if from.snap != 0 {
		captured = min(captured, from.snap)
	}
	f.link, f.point.number = from.link, p.before
	f.data, f.length = b[4:4+min(captured, maxCaptured)], int(length)
	return nil
}

// describe reads an interface description block.
func (p *pcapng) describe(b []byte) error {
	if len(b) < 8 {
		return fmt.Errorf("the description of an interface with %d bytes: want 8 or more", len(b))
	}
	if p.before+len(p.interfaces) >= maxInterfaces {
		return fmt.Errorf("another interface: want at most %d", maxInterfaces)
	}
	n := networkInterface{link: p.order.Uint16(b), snap: p.number(b[4:])}
	resolution, offset := byte(6), int64(0)
	for code, value := range p.options(b[8:]) {
		switch {
		case code == 9 && len(value) == 1:
			resolution = value[0]
		case code == 14 && len(value) == 8:
			offset = int64(p.order.Uint64(value))
		}
	}
	n.clock = newClock(resolution, offset)
	p.interfaces = append(p.interfaces, n)
	return nil
}

// statistics reads an interface statistics block. What the interface and what
// the system dropped is counted from the start of the capture.
func (p *pcapng) statistics(b []byte) error {
	if len(b) < 12 {
		return fmt.Errorf("the statistics of an interface with %d bytes: want 12 or more", len(b))
	}
	of := p.number(b)
	if int64(of) >= int64(len(p.interfaces)) {
		return nil // it lost nothing that is in this file
	}
	dropped := uint64(0)
	for code, value := range p.options(b[12:]) {
		if (code == 5 || code == 7) && len(value) == 8 {
			dropped += p.order.Uint64(value)
		}
	}
	p.interfaces[of].dropped = dropped
	return nil
}

// options gives out the options of a block, as far as they are whole.
func (p *pcapng) options(b []byte) func(yield func(uint16, []byte) bool) {
	return func(yield func(uint16, []byte) bool) {
		for len(b) >= 4 {
			code, length := p.order.Uint16(b), int(p.order.Uint16(b[2:]))
			if code == 0 || 4+length > len(b) || !yield(code, b[4:4+length]) {
				return
			}
			b = b[min(4+(length+3)&^3, len(b)):]
		}
	}
}

func (p *pcapng) number(b []byte) uint32 {
	if p.big {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}
