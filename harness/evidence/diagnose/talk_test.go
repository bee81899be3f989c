package diagnose_test

import (
	"net"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// A peer is the TCP of an end of a talk that is made by hand: what its segments
// look like where they are captured.
type peer struct {
	syn    []byte // the kinds of the options of its SYN or SYN ACK
	ttl    uint8
	window uint16
	counts bool // its IP ids: it counts them, or all are 0
	stamps bool // it uses timestamps
}

// The peers. Linux, FreeBSD and macOS begin with TTL 64, Windows with 128, lwIP
// with 255; hops away.
func linuxPeer(hops uint8) peer {
	return peer{[]byte{2, 4, 8, 1, 3}, 64 - hops, 64240, true, true}
}
func windowsPeer(hops uint8) peer {
	return peer{[]byte{2, 1, 3, 1, 1, 4}, 128 - hops, 64240, true, false}
}
func freeBSDPeer(hops uint8) peer {
	return peer{[]byte{2, 1, 3, 4, 8}, 64 - hops, 65535, false, true}
}
func macPeer(hops uint8) peer {
	return peer{[]byte{2, 1, 3, 1, 1, 8, 4}, 64 - hops, 65535, false, true}
}
func lwIPPeer(hops uint8) peer { return peer{[]byte{2}, 255 - hops, 2144, true, false} }

// unknownPeer is a stack that no table knows, such as a load balancer's.
func unknownPeer(ttl uint8) peer { return peer{[]byte{2, 4, 1, 1}, ttl, 4380, true, false} }

// A talk is a connection between two peers, whose segments a capture next to the
// initiator saw.
type talk struct {
	ends   [2]peer
	next   [2]uint32 // sequence numbers
	id     [2]uint16
	stamp  uint32
	clock  time.Duration
	trip   time.Duration // how long the responder takes to answer
	six    bool          // IPv6
	events []evidence.Event
}

const client, server = 0, 1

func begun(initiator, responder peer) *talk {
	return &talk{ends: [2]peer{initiator, responder}, next: [2]uint32{1000, 5000}, id: [2]uint16{100, 9000},
		trip: 30 * time.Millisecond}
}

// opened is a talk that is through its handshake.
func opened(initiator, responder peer) *talk {
	t := begun(initiator, responder)
	t.send(client, shapeOf("SYN"))
	t.wait(t.trip)
	t.send(server, shapeOf("SYN ACK"))
	return t.send(client, shapeOf("ACK"))
}

// exchanged is one behind a request and its response.
func exchanged(initiator, responder peer) *talk {
	t := opened(initiator, responder)
	t.say(client, "GET / HTTP/1.1\r\n\r\n").wait(t.trip)
	return t.say(server, "HTTP/1.1 200 OK\r\n\r\nhello").send(client, shapeOf("ACK"))
}

// A form is what is particular about a segment: what differs from its peer.
type form struct {
	flags   string
	text    string
	ttl     uint8  // 0: that of its peer
	window  int    // -1: that of its peer
	id      int    // -1: what its peer counts
	bare    bool   // without timestamps, although its peer uses them
	offset  uint32 // added to the next sequence number
	number  *uint32
	ack     *uint32
	silence bool // it does not move the next sequence number
}

func shapeOf(flags string) form { return form{flags: flags, window: -1, id: -1} }

// aborts is the RST ACK of a socket; zero says that its window is 0.
func aborts(zero bool) form {
	f := shapeOf("RST ACK")
	if zero {
		f.window = 0
	}
	return f
}

// answer is the RST with which a kernel answers a segment with that ACK.
func answer(number uint32) form {
	return form{flags: "RST", window: 0, id: 0, bare: true, number: &number}
}

func (t *talk) wait(d time.Duration) *talk { t.clock += d; return t }

func (t *talk) say(end int, text string) *talk {
	f := shapeOf("PSH ACK")
	f.text = text
	return t.send(end, f)
}

// send captures a segment of an end, which follows what that end sent and
// acknowledges all that came to it.
func (t *talk) send(end int, f form) *talk {
	p := t.ends[end]
	tcp := layers.TCP{SrcPort: 40000, DstPort: 80, Seq: t.next[end] + f.offset, Ack: t.next[1-end], Window: p.window}
	if end == server {
		tcp.SrcPort, tcp.DstPort = tcp.DstPort, tcp.SrcPort
	}
	has := (&evidence.Packet{Flags: f.flags}).Has
	tcp.SYN, tcp.ACK, tcp.FIN, tcp.RST, tcp.PSH = has("SYN"), has("ACK"), has("FIN"), has("RST"), has("PSH")
	if f.number != nil {
		tcp.Seq = *f.number
	}
	if f.ack != nil {
		tcp.Ack = *f.ack
	}
	if !tcp.ACK {
		tcp.Ack = 0
	}
	if f.window >= 0 {
		tcp.Window = uint16(f.window)
	}
	tcp.Options = t.options(p, f, tcp.SYN)
	ttl, id := p.ttl, t.identify(end, f, tcp.SYN && tcp.ACK)
	if f.ttl != 0 {
		ttl = f.ttl
	}
	t.add(end, &tcp, ttl, id, f.text)
	if !tcp.RST && !f.silence && f.number == nil {
		t.next[end] += uint32(len(f.text))
		if tcp.SYN || tcp.FIN {
			t.next[end]++
		}
	}
	t.clock += 50 * time.Microsecond
	return t
}

// identify returns the IP id of a segment.
func (t *talk) identify(end int, f form, synACK bool) uint16 {
	switch {
	case f.id >= 0:
		return uint16(f.id)
	case !t.ends[end].counts, synACK && t.ends[end].stamps: // Linux gives its SYN ACK none
		return 0
	}
	t.id[end]++
	return t.id[end]
}

// options makes the options of a segment.
func (t *talk) options(p peer, f form, syn bool) []layers.TCPOption {
	values := map[byte][]byte{1: nil, 2: {5, 180}, 3: {7}, 4: {}, 8: make([]byte, 8)}
	kinds := p.syn
	if !syn {
		kinds = nil
		if p.stamps && !f.bare {
			kinds = []byte{1, 1, 8}
		}
	}
	t.stamp++
	values[8][3], values[8][2] = byte(t.stamp), byte(t.stamp>>8)
	var options []layers.TCPOption
	for _, kind := range kinds {
		options = append(options, layers.TCPOption{OptionType: layers.TCPOptionKind(kind),
			OptionLength: uint8(len(values[kind]) + 2), OptionData: values[kind]})
	}
	return options
}

// add captures a segment.
func (t *talk) add(end int, tcp *layers.TCP, ttl uint8, id uint16, text string) {
	from, to := net.IPv4(192, 0, 2, 1), net.IPv4(198, 51, 100, 9)
	if end == server {
		from, to = to, from
	}
	var ip gopacket.SerializableLayer = &layers.IPv4{Version: 4, TTL: ttl, Id: id, Protocol: layers.IPProtocolTCP,
		SrcIP: from, DstIP: to}
	if t.six {
		ip = &layers.IPv6{Version: 6, HopLimit: ttl, NextHeader: layers.IPProtocolTCP, SrcIP: from.To16(), DstIP: to.To16()}
	}
	buffer := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true}, ip, tcp, gopacket.Payload(text)); err != nil {
		panic(err)
	}
	data := buffer.Bytes()
	s, ok := new(packets.Decoder).Segment(data, len(data))
	if !ok {
		panic("no segment")
	}
	host := []string{"A", "B"}
	s.Packet.To = host[1-end]
	t.events = append(t.events, evidence.Event{At: t.clock, Host: host[end], Packet: &s.Packet})
}

// diagnose diagnoses the talk, as far as the capture shows it.
func (t *talk) diagnose(show func(evidence.Event) (evidence.Event, bool)) []diagnose.Diagnosis {
	c := diagnose.New(evidence.Flow{ClientHost: "A", ServerHost: "B"}, &diagnose.Surroundings{Elsewhere: true,
		Missing: []evidence.MissingLane{{Lane: evidence.Kernel}, {Lane: evidence.Counters}, {Lane: evidence.Calls}}})
	for i, e := range t.events {
		if e, shown := show(e); shown {
			c.Add(i, &e)
		}
	}
	return c.Diagnoses()
}
