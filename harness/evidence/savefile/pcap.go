package savefile

import (
	"encoding/binary"
	"fmt"
	"time"
)

// A magic is the first four bytes of a pcap file.
type magic struct {
	order    binary.ByteOrder
	nanos    bool // times in nanoseconds, or else microseconds
	modified bool // records of 24 bytes, of Kuznetzov's patches to libpcap
}

func (m magic) known() bool { return m.order != nil }

// magicOf reads a magic of pcap-savefile(5).
func magicOf(b []byte) magic {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(b) {
		case 0xa1b2c3d4:
			return magic{order: order}
		case 0xa1b23c4d:
			return magic{order: order, nanos: true}
		case 0xa1b2cd34:
			return magic{order: order, modified: true}
		}
	}
	return magic{}
}

// pcap is a file in the format of pcap-savefile(5).
type pcap struct {
	in      *stream
	big     bool // byte order; asked for directly, since it is for each packet
	nanos   bool
	head    int // bytes before each packet
	swapped bool
	link    uint16
}

func newPcap(in *stream) (*pcap, error) {
	head, err := in.rest(24)
	if err != nil {
		return nil, err
	}
	m := magicOf(head)
	p := &pcap{in: in, big: m.order == binary.BigEndian, nanos: m.nanos, head: 16}
	if m.modified {
		p.head = 24
	}
	if major := m.order.Uint16(head[4:]); major != 2 {
		return nil, fmt.Errorf("%w: pcap of version %d, want 2", ErrFormat, major)
	}
	p.swapped = m.order.Uint16(head[6:]) < 3 // the two lengths of a packet
	p.link = m.order.Uint16(head[20:])
	if p.big {
		p.link = m.order.Uint16(head[22:]) // the upper half tells of frame check sequences
	}
	return p, nil
}

func (p *pcap) next(f *frame) error {
	head, err := p.in.take(p.head)
	if err != nil {
		return err
	}
	seconds, fraction := p.number(head), p.number(head[4:])
	captured, length := p.number(head[8:]), p.number(head[12:])
	if p.swapped {
		captured, length = length, captured
	}
	if captured > maxCaptured {
		return fmt.Errorf("a packet of %d bytes: want at most %d", captured, maxCaptured)
	}
	if !p.nanos {
		fraction *= 1000
	}
	f.at = time.Unix(int64(seconds), int64(fraction)).UTC()
	f.link, f.length = p.link, int(max(captured, length))
	f.data, err = p.in.rest(int(captured))
	return err
}

func (p *pcap) number(b []byte) uint32 {
	if p.big {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

func (p *pcap) dropped() uint64 { return 0 } // the format has no place for it
