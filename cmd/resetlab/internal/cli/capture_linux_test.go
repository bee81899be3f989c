package cli_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"math/rand/v2"
)

// A madeCapture is a capture file made of nothing but a seed: connections that
// overlap, each with a handshake, a request, a reply and its end, one in a
// hundred of them reset by its server.
type madeCapture struct {
	connections int
	seed        uint64
}

// concurrent is how many connections of a made capture are open at a time.
const concurrent = 2000

// A madeConnection is one of them, at its next step.
type madeConnection struct {
	client, server uint32 // addresses
	port           uint16
	next           [2]uint32 // sequence numbers
	id             [2]uint16
	step           int
	reset          bool
}

// A madeWriter writes segments.
type madeWriter struct {
	out *bufio.Writer
	at  uint64 // microseconds since 1970
	rnd *rand.Rand
	pad [4096]byte

	packets int
}

// write writes the capture, about a thousand bytes for each connection, and
// counts its packets.
func (m madeCapture) write(to io.Writer) (packets int, err error) {
	w := &madeWriter{out: bufio.NewWriterSize(to, 1<<20), at: 1_700_000_000_000_000, rnd: rand.New(rand.NewPCG(m.seed, 1))}
	head := make([]byte, 24)
	binary.LittleEndian.PutUint32(head, 0xa1b2c3d4)
	binary.LittleEndian.PutUint16(head[4:], 2)
	binary.LittleEndian.PutUint16(head[6:], 4)
	binary.LittleEndian.PutUint32(head[16:], 262144)
	binary.LittleEndian.PutUint32(head[20:], 1) // Ethernet
	w.out.Write(head)
	open, begun := []madeConnection{}, 0
	for begun < m.connections || len(open) > 0 {
		for len(open) < concurrent && begun < m.connections {
			open = append(open, w.begin(begun))
			begun++
		}
		i := w.rnd.IntN(len(open))
		if w.advance(&open[i]) {
			open[i] = open[len(open)-1]
			open = open[:len(open)-1]
		}
	}
	return w.packets, w.out.Flush()
}

// begin makes the connection of a number.
func (w *madeWriter) begin(number int) madeConnection {
	return madeConnection{
		client: 0x0a000000 + uint32(number/50_000)<<8 + uint32(number%50_000)%200, server: 0xc0a80001 + uint32(w.rnd.IntN(20)),
		port: uint16(10_000 + number%50_000), next: [2]uint32{w.rnd.Uint32(), w.rnd.Uint32()},
		id: [2]uint16{uint16(w.rnd.Uint32()), uint16(w.rnd.Uint32())}, reset: number%100 == 0,
	}
}

const (
	madeFIN, madeSYN, madeRST, madePSH, madeACK = 1, 2, 4, 8, 16
)

// advance sends the next segment of a connection, and says whether it was the last.
func (w *madeWriter) advance(c *madeConnection) (over bool) {
	c.step++
	switch c.step {
	case 1:
		w.segment(c, 0, madeSYN, 0)
	case 2:
		w.segment(c, 1, madeSYN|madeACK, 0)
	case 3:
		w.segment(c, 0, madeACK, 0)
	case 4:
		w.segment(c, 0, madePSH|madeACK, 60+w.rnd.IntN(60))
	case 5:
		if c.reset {
			w.segment(c, 1, madeRST|madeACK, 0)
			return true
		}
		w.segment(c, 1, madePSH|madeACK, 80+w.rnd.IntN(160))
	case 6:
		w.segment(c, 0, madeACK, 0)
	case 7:
		w.segment(c, 0, madeFIN|madeACK, 0)
	case 8:
		w.segment(c, 1, madeFIN|madeACK, 0)
	case 9:
		w.segment(c, 0, madeACK, 0)
		return true
	}
	return false
}

// segment writes a segment of one side: Ethernet, IPv4, TCP with time stamps.
func (w *madeWriter) segment(c *madeConnection, from int, flags byte, payload int) {
	const headers = 14 + 20 + 32
	w.packets++
	w.at += uint64(w.rnd.IntN(40))
	b := w.pad[:16+headers+payload]
	binary.LittleEndian.PutUint32(b, uint32(w.at/1_000_000))
	binary.LittleEndian.PutUint32(b[4:], uint32(w.at%1_000_000))
	binary.LittleEndian.PutUint32(b[8:], uint32(headers+payload))
	binary.LittleEndian.PutUint32(b[12:], uint32(headers+payload))
	binary.BigEndian.PutUint16(b[28:], 0x0800)
	ip, tcp := b[30:50], b[50:82]
	ip[0], ip[6], ip[8], ip[9] = 0x45, 0x40, 64, 6
	c.id[from]++
	binary.BigEndian.PutUint16(ip[2:], uint16(20+32+payload))
	binary.BigEndian.PutUint16(ip[4:], c.id[from])
	ends, ports := [2]uint32{c.client, c.server}, [2]uint16{c.port, 443}
	binary.BigEndian.PutUint32(ip[12:], ends[from])
	binary.BigEndian.PutUint32(ip[16:], ends[1-from])
	binary.BigEndian.PutUint16(tcp, ports[from])
	binary.BigEndian.PutUint16(tcp[2:], ports[1-from])
	binary.BigEndian.PutUint32(tcp[4:], c.next[from])
	tcp[12], tcp[13] = 8<<4, flags
	binary.BigEndian.PutUint32(tcp[8:], 0)
	if flags&madeACK != 0 {
		binary.BigEndian.PutUint32(tcp[8:], c.next[1-from])
	}
	binary.BigEndian.PutUint16(tcp[14:], 502)
	copy(tcp[20:], []byte{1, 1, 8, 10})
	binary.BigEndian.PutUint32(tcp[24:], uint32(w.at/1000))
	w.out.Write(b)
	c.next[from] += uint32(payload)
	if flags&(madeSYN|madeFIN) != 0 {
		c.next[from]++
	}
}
