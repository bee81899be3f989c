package evidence

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
)

const (
	mostSegments = 1 << 16 // of one recording
	// collectEvery is how many segments may come before the kernel lane is
	// read, too: it writes about two events for each.
	collectEvery = 1 << 11
)

// A capture is a packet socket. Its filter lets through what its taps follow,
// and nothing while there is none.
type capture struct {
	socket  *os.File
	often   func()          // called now and then while segments come
	release func(io.Closer) // closes the socket; nil: it is waited for
	read    chan struct{}

	mu   sync.Mutex // guards the rest
	ring *ring
	taps []*tap
	seen int
}

// A tap is what one recording collects.
type tap struct {
	capture  *capture
	ip       netip.Addr // not valid: of all
	segments []capturedSegment
	chunk    []byte // the segments' data lie in chunks like this
	lost     uint64
}

// openWire opens a capture of the loopback of this network namespace. Of the
// two times that a packet passes there only the coming in is captured.
func openWire(often func()) (wireLane, error) {
	loopback, err := net.InterfaceByName("lo")
	if err != nil {
		return nil, fmt.Errorf("there is no loopback interface to capture: %w", err)
	}
	if loopback.Flags&net.FlagUp == 0 {
		return nil, errors.New("the loopback interface is down: raise it with ip link set lo up")
	}
	socket, err := unix.Socket(unix.AF_PACKET, packetKind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open a packet socket: %w: it needs CAP_NET_RAW: run as root, or in a network "+
			"namespace of your own: unshare -Urn sh -c 'ip link set lo up && …'", err)
	}
	return newCapture(socket, loopback.Index, often, nil)
}

// openNamespace opens a capture of all interfaces of another namespace, also
// of those that it will get. What leaves is captured too: not everything that
// leaves arrives.
func openNamespace(n namespace, release func(io.Closer)) (wireLane, error) {
	socket, err := n.Socket(unix.AF_PACKET, packetKind, 0)
	if err != nil {
		return nil, fmt.Errorf("open a packet socket: %w", err)
	}
	return newCapture(socket, 0, func() {}, release)
}

// packetKind is the type of a packet socket: without link headers.
const packetKind = unix.SOCK_DGRAM | unix.SOCK_NONBLOCK

// newCapture captures an interface, or all if index is 0, with a socket that
// it takes over. release, if not nil, closes the socket in the end.
func newCapture(socket, index int, often func(), release func(io.Closer)) (wireLane, error) {
	ring, err := prepare(socket, index)
	if err != nil {
		unix.Close(socket)
		return nil, fmt.Errorf("capture: %w", err)
	}
	c := &capture{often: often, release: release, ring: ring, read: make(chan struct{})}
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
func (c *capture) follower() {
	defer close(c.read)
	raw, err := c.socket.SyscallConn()
	if err != nil {
		return // it is closed already
	}
	raw.Read(func(uintptr) bool { // its error says that the deadline of close has come
		if c.drain() {
			c.often()
		}
		return false
	})
}

// drain hands what is in the ring to the taps. It says whether it is time to
// read the other lane.
func (c *capture) drain() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.seen / collectEvery
	c.ring.drain(func(s capturedSegment) {
		c.seen++
		from, to := addresses(s.data)
		for _, t := range c.taps {
			if from == t.ip || to == t.ip || !t.ip.IsValid() {
				t.add(s)
			}
		}
	})
	return c.seen/collectEvery != before
}

func (t *tap) add(s capturedSegment) {
	if len(t.segments) == mostSegments {
		t.lost++
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

func (c *capture) follow(ip netip.Addr) (wireTap, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &tap{capture: c, ip: ip}
	c.taps = append(c.taps, t)
	if err := c.filter(); err != nil {
		c.leave(t)
		return nil, err
	}
	return t, nil
}

// filter lets through what the taps follow. mu is held.
func (c *capture) filter() error {
	var ips []netip.Addr
	for _, t := range c.taps {
		ips = append(ips, t.ip)
	}
	return control(c.socket, func(socket int) error { return attach(socket, ips) })
}

func (c *capture) leave(t *tap) {
	c.taps = slices.DeleteFunc(c.taps, func(other *tap) bool { return other == t })
}

func (t *tap) take() ([]capturedSegment, uint64, error) {
	passed := barrier()
	t.capture.drain()
	c := t.capture
	c.mu.Lock()
	defer c.mu.Unlock()
	statistics := control(c.socket, func(socket int) error {
		stats, err := unix.GetsockoptTpacketStats(socket, unix.SOL_PACKET, unix.PACKET_STATISTICS)
		if err == nil { // reading them sets them back
			for _, other := range c.taps {
				other.lost += uint64(stats.Drops)
			}
		}
		return os.NewSyscallError("read PACKET_STATISTICS", err)
	})
	c.leave(t)
	return t.segments, t.lost, errors.Join(passed, statistics, c.filter())
}

func (c *capture) close() error {
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
