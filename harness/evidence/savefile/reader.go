package savefile

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/internal/ip"
	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// ErrFormat is what a file is that is no capture in a format that is read here.
var ErrFormat = errors.New("neither pcap nor pcapng")

// A Reader reads the segments of one capture file. It must not be used by
// several goroutines at the same time.
type Reader struct {
	in      *stream
	format  format
	frame   frame
	decoder packets.Decoder
	count   counts
	icmp    func(*packets.ICMPError)
	records uint64 // packets of any kind that were read
	err     error  // why there are no more
}

// A format takes the packets of one kind of file apart.
type format interface {
	// next reads the next packet; io.EOF if there is none. The bytes of the
	// frame are valid until the next call.
	next(*frame) error
	// dropped returns how many packets the capture says that it lost.
	dropped() uint64
}

// A frame is a packet as the file has it.
type frame struct {
	at      time.Time // the zero value if the file has none
	data    []byte
	length  int // on the wire
	link    uint16
	point   point
	leaving bool
}

// maxCaptured is the most bytes of a packet that a file can have: the limit of
// libpcap and of Wireshark. A length beyond it is no length.
const maxCaptured = 262144

// Open looks at the beginning of a capture file. The error is [ErrFormat] if it
// is none that this package reads, and that of r if it could not be read.
func Open(r io.Reader) (*Reader, error) {
	in, err := newStream(r)
	if err != nil {
		return nil, fmt.Errorf("decompress the capture: %w", err)
	}
	start, err := in.b.Peek(4)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read the capture: %w", err)
	}
	opened := &Reader{in: in}
	switch {
	case string(start) == "\n\r\r\n":
		opened.format = &pcapng{in: in}
	case len(start) == 4 && magicOf(start).known():
		opened.format, err = newPcap(in)
	default:
		return nil, fmt.Errorf("%w: %s", ErrFormat, describe(in))
	}
	if err != nil {
		return nil, fmt.Errorf("read the head of the capture: %w", err)
	}
	return opened, nil
}

// OnICMP has a function called with each ICMP or ICMPv6 error that quotes a TCP
// segment, when [Reader.Next] passes over it on its way to the segment that it
// returns.
func (r *Reader) OnICMP(f func(*packets.ICMPError)) { r.icmp = f }

// Next returns the next TCP segment, in the order of the file. Packet.Data
// points into a buffer and is valid until the next call. The error is io.EOF
// after the last segment; of a file that is cut off or damaged it says where,
// and stays.
//
// Point is the number of the interface, counted through all sections of the
// file; where a capture of all interfaces of Linux says which (SLL2), each has
// its own. Leaving is only set where the file says so.
func (r *Reader) Next() (s evidence.Segment, err error) {
	var raw packets.RawSegment
	if err := r.NextRaw(&raw); err != nil {
		return s, err
	}
	return r.decoder.Decode(&raw), nil
}

// NextRaw is Next without decoding what it finds, which costs more than reading
// it.
func (r *Reader) NextRaw(raw *packets.RawSegment) error {
	for r.err == nil {
		start := r.in.offset
		r.frame = frame{}
		if err := r.format.next(&r.frame); err != nil {
			r.err = r.located(err, start)
			break
		}
		r.records++
		if plain(&r.frame, raw) || r.segment(&r.frame, raw) {
			raw.At, raw.Leaving, raw.Point = r.frame.at, r.frame.leaving, r.frame.point.joined()
			if r.frame.at.IsZero() {
				raw.Unknown |= evidence.FieldDate
			}
			return nil
		}
	}
	return r.err
}

// located says where a file could not be read on.
func (r *Reader) located(err error, start int64) error {
	if err == io.EOF {
		return err
	}
	where := "byte"
	if r.in.compressed {
		where = "decompressed byte"
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the file ends within it: %w", err)
	}
	return fmt.Errorf("packet %d, at %s %d: %w", r.records+1, where, start, err)
}

// plain finds the segment in what nearly all frames are: Ethernet, IPv4 without
// options and fragments or IPv6 without extension headers, and TCP. It says
// nothing of others.
func plain(f *frame, raw *packets.RawSegment) bool {
	const link, head4, head6 = 14, 20, 40
	if f.link != linkEthernet || len(f.data) < link+head4+20 {
		return false
	}
	packet := f.data[link:]
	length, begin := int(packet[2])<<8|int(packet[3]), head4
	switch {
	case f.data[12] == 0x08 && f.data[13] == 0 && packet[0] == 0x45 && packet[9] == ip.TCP && packet[6]&0x3f|packet[7] == 0:
	case f.data[12] == 0x86 && f.data[13] == 0xdd && packet[0]>>4 == 6 && packet[6] == ip.TCP && len(packet) >= head6:
		length, begin = head6+(int(packet[4])<<8|int(packet[5])), head6
	default:
		return false
	}
	packet = packet[:min(length, len(packet))] // the link layer may have padded it
	if len(packet) < begin+20 || packet[begin+12]>>4 < 5 {
		return false
	}
	*raw = packets.RawSegment{Data: packet, TCP: begin, Length: length}
	return true
}

// segment finds the segment in a frame. The innermost of the packets in it
// counts.
func (r *Reader) segment(f *frame, raw *packets.RawSegment) bool {
	offset, why := locate(f)
	if why == inLink {
		offset, why = behindLink(f.data, f.link)
	}
	for tunnels := 0; why == found; tunnels++ {
		var inner int
		if inner, why = find(f, offset, raw); why == quotes {
			why = r.quoting(f, offset)
		}
		if why != inTunnel || tunnels == maxTunnels {
			break
		}
		offset, why = inner, found
	}
	if why != found && why != told {
		r.count.add(why, f)
	}
	return why == found
}

// quoting hands an ICMP error on if it quotes a TCP segment.
func (r *Reader) quoting(f *frame, offset int) omission {
	packet := packetAt(f, offset)
	message, ok := packets.FindICMP(packet)
	switch {
	case ok:
		if message.At = f.at; r.icmp != nil {
			r.icmp(&message)
		}
		return told
	case packets.QuotesTCP(packet):
		return quotes
	}
	return notTCP
}

// packetAt returns the IP packet at an offset of the frame, without what the
// link layer may have padded it with.
func packetAt(f *frame, offset int) []byte {
	packet := f.data[min(offset, len(f.data)):]
	if said := ip.Total(packet); said != 0 {
		packet = packet[:min(said, len(packet))]
	}
	return packet
}

// maxTunnels is how many packets a packet may be in.
const maxTunnels = 8

// find finds the segment in the IP packet at an offset of the frame. It returns
// [inTunnel] and where the next one begins if it carries another.
func find(f *frame, offset int, raw *packets.RawSegment) (inner int, why omission) {
	packet, length := packetAt(f, offset), f.length-offset
	if said := ip.Total(packet); said != 0 {
		length = said
	}
	var ok bool
	if *raw, ok = packets.FindSegment(packet, length); ok {
		return 0, found
	}
	h, ok := ip.Parse(packet)
	switch {
	case !ok:
		return 0, unreadable(packet)
	case h.Offset != 0:
		return 0, fragment
	case h.Cut, h.Protocol == ip.TCP && len(packet) < h.Len+20:
		return 0, cutOff
	case h.Protocol == ip.TCP:
		return 0, malformed
	}
	inner, why = behindIP(packet, h)
	return offset + inner, why
}

// Omissions says what was not read as a segment so far. It is empty if
// everything was.
func (r *Reader) Omissions() []packets.Omission {
	return r.count.omissions(r.format.dropped())
}
