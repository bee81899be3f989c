package capture

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
)

// A tap is the source of a stream of segments.
type tap struct {
	socket *packetSocket
	ip     netip.Addr // not valid: of all
	alone  bool       // the packets are closed with it
	stream *Stream[evidence.Segment]

	segments []capturedSegment
	chunk    []byte // the segments' data lie in chunks like this
	seen     coverage
}

// A capturedSegment is an IP packet with a TCP segment in it.
type capturedSegment struct {
	at       instant
	data     []byte // from the IP header on, as far as it was captured
	length   int    // of the whole packet
	outgoing bool   // it was leaving the host
}

func (t *tap) add(s capturedSegment) {
	if len(t.segments) == mostSegments {
		t.seen.lose(1, time.Now(), "the segments were not taken in time")
		return
	}
	if cap(t.chunk)-len(t.chunk) < len(s.data) {
		t.chunk = make([]byte, 0, 1<<15)
	}
	start := len(t.chunk)
	t.chunk = append(t.chunk, s.data...)
	s.data = t.chunk[start:len(t.chunk):len(t.chunk)]
	t.segments = append(t.segments, s)
}

func (t *tap) take() []evidence.Segment {
	t.socket.mu.Lock()
	captured := t.segments
	t.segments, t.chunk = nil, nil
	t.socket.mu.Unlock()
	return decode(captured)
}

func (t *tap) status() Status {
	t.socket.mu.Lock()
	defer t.socket.mu.Unlock()
	return t.seen.status()
}

func (t *tap) finish() ([]evidence.Segment, Status, error) {
	c, settled := t.socket, time.Now()
	passed := Settle()
	c.drain()
	c.mu.Lock()
	statistics := c.countDrops()
	if passed == nil {
		t.seen.prove(settled)
	} else {
		t.seen.doubt(passed.Error())
	}
	c.leave(t)
	err := errors.Join(passed, statistics, c.filter())
	c.mu.Unlock()
	segments, status := t.take(), t.status()
	if t.alone {
		err = errors.Join(err, c.close())
	}
	return segments, status, err
}

// decode decodes IP packets and leaves out what is no TCP segment.
func decode(captured []capturedSegment) []evidence.Segment {
	var decoder packets.Decoder
	segments := make([]evidence.Segment, 0, len(captured))
	for _, c := range captured {
		if s, ok := decoder.Segment(c.data, c.length); ok {
			s.At, s.Leaving = c.at.time(), c.outgoing
			segments = append(segments, s)
		}
	}
	return segments
}

// Segments streams the segments of another namespace, on all interfaces that it
// has and will get. What leaves is captured too: not everything that leaves
// arrives. Whoever makes many has them closed by lanes, without waiting for the
// kernel; nil closes them here.
func Segments(of Namespace, lanes *Lanes) (*Stream[evidence.Segment], error) {
	socket, err := of.Socket(unix.AF_PACKET, packetKind, 0)
	if err != nil {
		return nil, fmt.Errorf("open a packet socket: %w", err)
	}
	var release func(io.Closer)
	if lanes != nil {
		release = lanes.release
	}
	return followAll(socket, 0, release)
}

// openLoopback opens a capture of the loopback of another namespace.
func openLoopback(of Namespace) (*packetSocket, error) {
	socket, err := of.Socket(unix.AF_PACKET, packetKind, 0)
	if err != nil {
		return nil, fmt.Errorf("open a packet socket: %w", err)
	}
	return newPackets(socket, loopbackIndex, func() {}, nil)
}

// loopbackIndex is the index of every namespace's loopback
// (include/net/net_namespace.h, LOOPBACK_IFINDEX).
const loopbackIndex = 1

// MachineSegments streams the segments on all interfaces of this process's
// network namespace. What passes the loopback is captured once, as it comes in.
func MachineSegments() (*Stream[evidence.Segment], error) {
	loopback := 0
	if i, err := net.InterfaceByName("lo"); err == nil {
		loopback = i.Index
	}
	socket, err := unix.Socket(unix.AF_PACKET, packetKind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open a packet socket: %w: %s", err, needsRaw)
	}
	return followAll(socket, loopback, nil)
}

// followAll streams everything that a socket of its own captures.
func followAll(socket, loop int, release func(io.Closer)) (*Stream[evidence.Segment], error) {
	p, err := newPackets(socket, 0, func() {}, release)
	if err != nil {
		return nil, err
	}
	p.loop = loop
	stream, err := p.follow(netip.Addr{}, true)
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return stream, nil
}

// needsRaw says how to come to a packet socket.
const needsRaw = "it needs CAP_NET_RAW: run as root, or in a network " +
	"namespace of your own: unshare -Urn sh -c 'ip link set lo up && …'"
