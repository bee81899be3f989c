package diagnose_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// A habit is how a TCP of the world fills in its headers, after public
// descriptions of it (packetdrill scripts, p0f's and nmap's databases, sources).
type habit struct {
	syn       string // the options of its SYN
	begin     uint16 // the window of its SYN
	window    uint16 // and of what follows, as it is in the header
	stamps    bool   // it uses timestamps if the peer does
	ids       string // its IP ids: "count", "zero" or "random"
	fragments bool   // it does not set DF
}

var habits = map[string]habit{
	"linux":   {"mss sack ts nop ws", 64240, 502, true, "count", false},
	"windows": {"mss nop ws nop nop sack", 64240, 1026, false, "count", false},
	"mac":     {"mss nop ws nop nop ts sack eol", 65535, 2058, true, "zero", false},
	"freebsd": {"mss nop ws sack ts", 65535, 1026, true, "zero", false},
	"lwip":    {"mss", 5744, 5744, false, "count", true},
	"nmap":    {"mss", 1024, 1024, false, "random", true},
	"bigip":   {"mss nop ws sack eol", 4380, 4380, false, "count", false},
}

// A side is one end of the connection that is written down.
type side struct {
	habit
	ttl     uint8
	port    uint16
	address net.IP
	next    uint32 // its next sequence number
	acked   uint32 // the last ACK that it sent
	id      uint16
}

// A sheet is a capture as somebody writes it down, a segment a line:
//
//	client linux ttl=64 port=40000 seq=1000
//	server windows ttl=115 port=443 seq=9000
//	+30ms s RA win=0 id=7 ttl=60 bare seq=+5 ack=+0 "payload"
//
// The time counts from the line before. A segment follows what its end sent
// and acknowledges what came; seq and ack move that for this one segment, and
// "seq=ack" takes the number from the last ACK of the peer. "len=N" has N bytes
// as a payload, "bare" no options, "hidden" was not captured, "none" is no
// number at all.
type sheet struct {
	ends   map[string]*side
	at     time.Time
	random *rand.Rand
	frames []sheetFrame
}

type sheetFrame struct {
	at   time.Time
	from string
	ip   []byte
}

// readSheet makes the segments of a text.
func readSheet(text string) *sheet {
	s := &sheet{at: time.Unix(1_750_000_000, 0), random: rand.New(rand.NewPCG(1, 2)), ends: map[string]*side{
		"c": {address: net.IPv4(192, 0, 2, 10)}, "s": {address: net.IPv4(203, 0, 113, 80)}}}
	for line := range strings.Lines(text) {
		switch words := strings.Fields(line); {
		case len(words) == 0:
		case words[0] == "client", words[0] == "server":
			s.begin(s.ends[words[0][:1]], words[1:])
		case words[1] == "icmp":
			s.icmp(words)
		default:
			s.segment(line, words)
		}
	}
	return s
}

func (s *sheet) begin(e *side, words []string) {
	h, known := habits[words[0]]
	if !known {
		panic("no habit " + words[0])
	}
	e.habit, e.id = h, uint16(s.random.UintN(30000))
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		n := number(value)
		switch key {
		case "ttl":
			e.ttl = uint8(n)
		case "port":
			e.port = uint16(n)
		case "seq":
			e.next = uint32(n)
		}
	}
}

func number(s string) int {
	n, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		panic(err)
	}
	return int(n)
}

// segment adds the segment of a line.
func (s *sheet) segment(line string, words []string) {
	wait, err := time.ParseDuration(words[0])
	if err != nil {
		panic(fmt.Sprint(line, err))
	}
	s.at = s.at.Add(wait)
	e, peer := s.ends[words[1]], s.ends[map[string]string{"c": "s", "s": "c"}[words[1]]]
	tcp, ip := s.headers(e, peer, words[2])
	var payload []byte
	if from := strings.IndexByte(line, '"'); from >= 0 {
		said, err := strconv.Unquote(strings.TrimSpace(line[from:]))
		if err != nil {
			panic(line)
		}
		payload, words = []byte(said), strings.Fields(line[:from])
	}
	moved, hidden := tcp.RST, false
	for _, w := range words[3:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "hidden":
			hidden = true
		case "len":
			payload = bytes.Repeat([]byte{'x'}, number(value))
		case "seq":
			moved = true
			tcp.Seq = moveNumber(value, tcp.Seq, peer.acked)
		default:
			s.change(e, tcp, ip, key, value)
		}
	}
	if !moved {
		e.next += uint32(len(payload))
		if tcp.SYN || tcp.FIN {
			e.next++
		}
	}
	if tcp.ACK && !tcp.RST {
		e.acked = tcp.Ack
	}
	if !hidden {
		s.frames = append(s.frames, sheetFrame{s.at, words[1], serialize(ip, tcp, payload)})
	}
}

// change changes a field of a segment.
func (s *sheet) change(e *side, tcp *layers.TCP, ip *layers.IPv4, key, value string) {
	switch key {
	case "bare":
		tcp.Options = nil
	case "ack":
		tcp.Ack = moveNumber(value, tcp.Ack, e.acked)
	case "win":
		tcp.Window = uint16(number(value))
	case "ttl":
		ip.TTL = uint8(number(value))
	case "id":
		ip.Id = uint16(number(value))
	default:
		panic("no field " + key)
	}
}

// moveNumber moves a number by "+N" or "-N", or replaces it.
func moveNumber(value string, n, acked uint32) uint32 {
	switch {
	case value == "none":
		return 0
	case value == "ack":
		return acked
	case value[0] == '+' || value[0] == '-':
		return n + uint32(number(value))
	}
	return uint32(number(value))
}

// headers makes the headers that a segment of an end usually has.
func (s *sheet) headers(e, peer *side, flags string) (*layers.TCP, *layers.IPv4) {
	has := func(f string) bool { return strings.Contains(flags, f) }
	tcp := &layers.TCP{SrcPort: layers.TCPPort(e.port), DstPort: layers.TCPPort(peer.port), Seq: e.next, Window: e.window,
		SYN: has("S"), ACK: has("A"), FIN: has("F"), RST: has("R"), PSH: has("P")}
	if tcp.ACK {
		tcp.Ack = peer.next
	}
	ip := &layers.IPv4{Version: 4, TTL: e.ttl, Protocol: layers.IPProtocolTCP, SrcIP: e.address, DstIP: peer.address}
	if !e.fragments {
		ip.Flags = layers.IPv4DontFragment
	}
	e.id++
	switch e.ids {
	case "count":
		ip.Id = e.id
	case "random":
		ip.Id = uint16(s.random.UintN(65536))
	}
	kinds := ""
	switch stamps := e.stamps && peer.stamps; {
	case tcp.SYN && tcp.ACK:
		tcp.Window, kinds = e.begin, e.syn
		if !stamps {
			kinds = strings.ReplaceAll(kinds, "ts ", "nop nop ")
		}
		if e.stamps && e.ids == "count" {
			ip.Id = 0 // Linux gives its SYN ACK none
		}
	case tcp.SYN:
		tcp.Window, kinds = e.begin, e.syn
	case stamps:
		kinds = "nop nop ts"
	}
	tcp.Options = s.options(kinds, e.port)
	return tcp, ip
}

func (s *sheet) options(kinds string, port uint16) []layers.TCPOption {
	stamp := uint32(s.at.UnixMilli()) + uint32(port)*100_000
	values := map[string]layers.TCPOption{
		"mss":  {OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: []byte{5, 180}},
		"sack": {OptionType: layers.TCPOptionKindSACKPermitted, OptionLength: 2},
		"ws":   {OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{7}},
		"nop":  {OptionType: layers.TCPOptionKindNop, OptionLength: 1},
		"eol":  {OptionType: layers.TCPOptionKindEndList, OptionLength: 1},
		"ts": {OptionType: layers.TCPOptionKindTimestamps, OptionLength: 10, OptionData: []byte{
			byte(stamp >> 24), byte(stamp >> 16), byte(stamp >> 8), byte(stamp), 0, 0, 0, 9}},
	}
	var options []layers.TCPOption
	for kind := range strings.FieldsSeq(kinds) {
		options = append(options, values[kind])
	}
	return options
}

func serialize(ip *layers.IPv4, tcp *layers.TCP, payload []byte) []byte {
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		panic(err)
	}
	b := gopacket.NewSerializeBuffer()
	o := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(b, o, ip, tcp, gopacket.Payload(payload)); err != nil {
		panic(err)
	}
	return slices.Clone(b.Bytes())
}

// heads are the link headers of captures, by the name of the link.
var heads = map[string]struct {
	link layers.LinkType
	head []byte
}{
	"raw":  {layers.LinkTypeRaw, nil},
	"vlan": {layers.LinkTypeEthernet, []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xa8, 0, 7, 0x81, 0, 0, 42, 8, 0}},
	"any":  {layers.LinkTypeLinuxSLL, []byte{0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0}},
}

// file writes the segments that are shown as a capture file; those of "any" are
// in it twice, as a bridge or a bond shows them.
func (s *sheet) file(link string, show func(from string) bool) []byte {
	var b bytes.Buffer
	w, head := pcapgo.NewWriterNanos(&b), heads[link]
	if err := w.WriteFileHeader(65535, head.link); err != nil {
		panic(err)
	}
	for _, f := range s.frames {
		copies := 0
		switch {
		case show(f.from) && link == "any":
			copies = 2
		case show(f.from):
			copies = 1
		}
		data := append(slices.Clone(head.head), f.ip...)
		for range copies {
			info := gopacket.CaptureInfo{Timestamp: f.at, CaptureLength: len(data), Length: len(data)}
			if err := w.WritePacket(info, data); err != nil {
				panic(err)
			}
		}
	}
	return b.Bytes()
}
