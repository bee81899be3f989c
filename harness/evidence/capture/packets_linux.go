package capture

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/packets"
)

const (
	mostSegments = 1 << 16 // of one stream, as long as nobody takes them
	// collectEvery is how many segments may come before the kernel's events are
	// read, too: there are about two of them for each.
	collectEvery = 1 << 11
)

// A packetSocket is one of packet(7). Its filter lets through what its taps follow,
// and nothing while there is none.
type packetSocket struct {
	socket  *os.File
	loop    int             // the index of an interface where what leaves comes in again; 0: none
	often   func()          // called now and then while segments come
	release func(io.Closer) // closes the socket; nil: it is waited for
	read    chan struct{}

	mu   sync.Mutex // guards the rest
	ring *ring
	taps []*tap
	seen int
}

// openWire opens a capture of the loopback of this network namespace. Of the
// two times that a packet passes there only the coming in is captured.
func openWire(often func()) (*packetSocket, error) {
	loopback, err := net.InterfaceByName("lo")
	if err != nil {
		return nil, fmt.Errorf("there is no loopback interface to capture: %w", err)
	}
	if loopback.Flags&net.FlagUp == 0 {
		return nil, errors.New("the loopback interface is down: raise it with ip link set lo up")
	}
	socket, err := unix.Socket(unix.AF_PACKET, packetKind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open a packet socket: %w: %s", err, needsRaw)
	}
	return newPackets(socket, loopback.Index, often, nil)
}

// packetKind is the type of a packet socket: without link headers.
const packetKind = unix.SOCK_DGRAM | unix.SOCK_NONBLOCK

// newPackets captures an interface, or all if index is 0, with a socket that
// it takes over. release, if not nil, closes the socket in the end.
func newPackets(socket, index int, often func(), release func(io.Closer)) (*packetSocket, error) {
	ring, err := prepare(socket, index)
	if err != nil {
		unix.Close(socket)
		return nil, fmt.Errorf("capture: %w", err)
	}
	c := &packetSocket{often: often, release: release, ring: ring, read: make(chan struct{})}
	c.socket = os.NewFile(uintptr(socket), "packet")
	go c.follower()
	return c, nil
}

// prepare makes the ring and then, with nothing passing the filter, binds.
func prepare(socket, index int) (*ring, error) {
	if index != 0 { // PACKET_IGNORE_OUTGOING: Linux 4.20
		if err := unix.SetsockoptInt(socket, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1); err != nil {
			return nil, fmt.Errorf("set PACKET_IGNORE_OUTGOING: %w", err)
		}
	}
	if err := attach(socket, nil); err != nil {
		return nil, err
	}
	ring, err := newRing(socket)
	if err != nil {
		return nil, err
	}
	const everything = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network byte order
	if err := unix.Bind(socket, &unix.SockaddrLinklayer{Protocol: everything, Ifindex: index}); err != nil {
		return nil, errors.Join(fmt.Errorf("bind: %w", err), ring.unmap())
	}
	return ring, nil
}

// follower empties the ring whenever something comes, until the socket closes.
func (c *packetSocket) follower() {
	defer close(c.read)
	raw, err := c.socket.SyscallConn()
	if err != nil {
		return // it is closed already
	}
	err = raw.Read(func(uintptr) bool {
		if c.drain() {
			c.often()
		}
		return false
	})
	if errors.Is(err, os.ErrDeadlineExceeded) { // that of close
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.taps {
		t.seen.doubt("the capture ended: " + err.Error())
	}
}

// drain hands what is in the ring to the taps. It says whether it is time to
// read the other lane.
func (c *packetSocket) drain() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, began := c.seen, time.Now()
	losing := c.ring.drain(func(s capturedSegment, index int) {
		c.seen++
		if s.outgoing && index == c.loop {
			return
		}
		from, to := packets.Addresses(s.data)
		for _, t := range c.taps {
			if from == t.ip || to == t.ip || !t.ip.IsValid() {
				t.add(s)
			}
		}
	})
	if losing || c.seen-before >= frames { // what came when the ring was full left no trace in it
		c.countDrops() // an error shows again when a tap ends
	}
	for _, t := range c.taps {
		t.seen.prove(began)
		if len(t.segments) > 0 {
			t.stream.arrived()
		}
	}
	return c.seen/collectEvery != before/collectEvery
}

// countDrops asks the kernel how many segments found no room in the ring, which
// sets its count back. mu is held.
func (c *packetSocket) countDrops() error {
	return control(c.socket, func(socket int) error {
		stats, err := unix.GetsockoptTpacketStats(socket, unix.SOL_PACKET, unix.PACKET_STATISTICS)
		for _, t := range c.taps {
			if err == nil && stats.Drops > 0 {
				t.seen.lose(uint64(stats.Drops), time.Now(), "the ring of the capture was full")
			}
		}
		return os.NewSyscallError("read PACKET_STATISTICS", err)
	})
}

func (c *packetSocket) follow(ip netip.Addr, alone bool) (*Stream[evidence.Segment], error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &tap{socket: c, ip: ip, alone: alone, stream: newStream[evidence.Segment]()}
	t.stream.source = t
	c.taps = append(c.taps, t)
	if err := c.filter(); err != nil {
		c.leave(t)
		return nil, err
	}
	t.seen = begin(time.Now())
	return t.stream, nil
}

// filter lets through what the taps follow. mu is held.
func (c *packetSocket) filter() error {
	var ips []netip.Addr
	for _, t := range c.taps {
		ips = append(ips, t.ip)
	}
	return control(c.socket, func(socket int) error { return attach(socket, ips) })
}

func (c *packetSocket) leave(t *tap) {
	c.taps = slices.DeleteFunc(c.taps, func(other *tap) bool { return other == t })
}

func (c *packetSocket) close() error {
	err := c.socket.SetReadDeadline(time.Unix(1, 0))
	<-c.read
	err = errors.Join(err, c.ring.unmap())
	if c.release != nil {
		c.release(c.socket)
		return err
	}
	return errors.Join(err, c.socket.Close())
}

// control calls do with the socket's descriptor.
func control(socket *os.File, do func(socket int) error) error {
	raw, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = do(int(fd)) })
	return errors.Join(err, failed)
}
