package offline_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"
	"time"
)

// A film makes the capture of one connection, a millisecond between two segments
// unless it waits. Its ends are of Linux, as far as their headers tell.
type film struct {
	at      time.Time
	ends    [2]netip.AddrPort // client, server
	next    [2]uint32         // sequence numbers
	id      [2]uint16
	ttl     [2]byte
	packets []filmed
}

// A filmed is a packet from its IP header on.
type filmed struct {
	at   time.Time
	from int
	data []byte
}

const theClient, theServer = 0, 1

func newFilm(number int) *film {
	port := uint16(40_000 + number)
	return &film{
		at: time.Unix(1_700_000_000, int64(number)*1000),
		ends: [2]netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), port),
			netip.MustParseAddrPort("10.0.0.2:8080")},
		next: [2]uint32{0xffff_ff00 + uint32(number)*7919, 1_000_000 + uint32(number)*104_729},
		id:   [2]uint16{100, 20_000}, ttl: [2]byte{64, 64},
	}
}

func (f *film) wait(d time.Duration) *film { f.at = f.at.Add(d); return f }

// send sends a segment with the next numbers.
func (f *film) send(from int, flags string, payload string) *film {
	f.raw(from, flags, f.next[from], f.next[1-from], payload)
	f.next[from] += uint32(len(payload))
	if strings.Contains(flags, "SYN") || strings.Contains(flags, "FIN") {
		f.next[from]++
	}
	return f
}

// raw sends a segment with other numbers.
func (f *film) raw(from int, flags string, seq, ack uint32, payload string) *film {
	tcp := make([]byte, 32, 32+len(payload))
	binary.BigEndian.PutUint16(tcp, f.ends[from].Port())
	binary.BigEndian.PutUint16(tcp[2:], f.ends[1-from].Port())
	binary.BigEndian.PutUint32(tcp[4:], seq)
	tcp[12] = 8 << 4
	for i, name := range []string{"FIN", "SYN", "RST", "PSH", "ACK"} {
		if strings.Contains(flags, name) {
			tcp[13] |= 1 << i
		}
	}
	if strings.Contains(flags, "ACK") {
		binary.BigEndian.PutUint32(tcp[8:], ack)
	}
	binary.BigEndian.PutUint16(tcp[14:], 502)
	copy(tcp[20:], []byte{1, 1, 8, 10})
	binary.BigEndian.PutUint32(tcp[24:], uint32(f.at.UnixMilli()))
	ip := make([]byte, 20, 52+len(payload))
	ip[0], ip[6], ip[8], ip[9] = 0x45, 0x40, f.ttl[from], 6
	binary.BigEndian.PutUint16(ip[2:], uint16(52+len(payload)))
	f.id[from]++
	binary.BigEndian.PutUint16(ip[4:], f.id[from])
	copy(ip[12:], f.ends[from].Addr().AsSlice())
	copy(ip[16:], f.ends[1-from].Addr().AsSlice())
	f.packets = append(f.packets, filmed{f.at, from, append(append(ip, tcp...), payload...)})
	return f.wait(time.Millisecond)
}

// open sends the handshake.
func (f *film) open() *film {
	return f.send(theClient, "SYN", "").send(theServer, "SYN ACK", "").send(theClient, "ACK", "")
}

// ask sends a request and its answer.
func (f *film) ask() *film {
	return f.send(theClient, "PSH ACK", "GET / HTTP/1.1\r\n\r\n").send(theServer, "ACK", "").
		send(theServer, "PSH ACK", "HTTP/1.1 200 OK\r\n\r\n").send(theClient, "ACK", "")
}

// finish closes both ways.
func (f *film) finish() *film {
	return f.send(theClient, "FIN ACK", "").send(theServer, "FIN ACK", "").send(theClient, "ACK", "")
}

// only leaves the packets of one end.
func (f *film) only(from int) *film {
	var some []filmed
	for _, p := range f.packets {
		if p.from == from {
			some = append(some, p)
		}
	}
	f.packets = some
	return f
}

// pcap writes packets as a capture file of raw IP packets with nanoseconds.
func pcap(packets ...filmed) []byte {
	var b bytes.Buffer
	head := make([]byte, 24)
	binary.LittleEndian.PutUint32(head, 0xa1b23c4d)
	binary.LittleEndian.PutUint16(head[4:], 2)
	binary.LittleEndian.PutUint16(head[6:], 4)
	binary.LittleEndian.PutUint32(head[16:], 262144)
	binary.LittleEndian.PutUint32(head[20:], 101)
	b.Write(head)
	for _, p := range packets {
		record := make([]byte, 16)
		binary.LittleEndian.PutUint32(record, uint32(p.at.Unix()))
		binary.LittleEndian.PutUint32(record[4:], uint32(p.at.Nanosecond()))
		binary.LittleEndian.PutUint32(record[8:], uint32(len(p.data)))
		binary.LittleEndian.PutUint32(record[12:], uint32(len(p.data)))
		b.Write(record)
		b.Write(p.data)
	}
	return b.Bytes()
}
