package netlab

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// A Tap sees every TCP segment that arrives at a host, leaves it or passes
// through it, from the moment on that it was opened (packet(7)). What a
// firewall drops at input was seen before, what it drops at output never is.
type Tap struct {
	host *Host

	mu sync.Mutex // one reader at a time
	packets
	outgoing bool // the packet that was read last
}

// Tap opens a tap at the host. Close it.
func (h *Host) Tap() (*Tap, error) {
	// In network byte order. Nothing less sees what leaves.
	everything := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_ALL))
	fd, err := h.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK, int(everything))
	if err != nil {
		return nil, fmt.Errorf("tap: %w", err)
	}
	return &Tap{host: h, packets: newPackets(fd, "tap of "+h.name)}, nil
}

// read reads a packet, from the IP header on.
func (t *Tap) read(fd int, buffer []byte) (int, error) {
	n, from, err := unix.Recvfrom(fd, buffer, 0)
	if link, ok := from.(*unix.SockaddrLinklayer); ok {
		t.outgoing = link.Pkttype == unix.PACKET_OUTGOING
	}
	return n, err
}

// Await returns the next segment that matches, passing over the others. The
// error, when ctx ends or the kernel had to drop packets, names the last that
// were passed over.
func (t *Tap) Await(ctx context.Context, match func(Segment) bool) (Segment, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var passed []string
	for {
		packet, err := t.next(ctx, t.read)
		if err == nil {
			err = t.lost()
		}
		if err != nil {
			return Segment{}, fmt.Errorf("tap of %s: %w; of %d segments that did not match, the last: %s",
				t.host.name, err, len(passed), strings.Join(passed[max(0, len(passed)-5):], "; "))
		}
		segment, err := ParseSegment(packet)
		if err != nil {
			continue // not TCP
		}
		segment.Outgoing = t.outgoing
		if match(segment) {
			return segment, nil
		}
		passed = append(passed, segment.String())
	}
}

// Seen returns the segments that no Await has taken or passed over, without
// waiting for more. It is an error if the kernel had to drop some.
func (t *Tap) Seen() ([]Segment, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []Segment
	for {
		packet, err := t.now(t.read)
		if err == errNone {
			return all, t.lost()
		}
		if err != nil {
			return all, fmt.Errorf("tap of %s: %w", t.host.name, err)
		}
		if segment, err := ParseSegment(packet); err == nil {
			segment.Outgoing = t.outgoing
			all = append(all, segment)
		}
	}
}

// lost says how many packets found no room in the socket since it was asked.
func (t *Tap) lost() error {
	socket, err := t.file.SyscallConn()
	if err != nil {
		return err
	}
	var statistics *unix.TpacketStats
	err = control(socket, func(fd int) (err error) {
		statistics, err = unix.GetsockoptTpacketStats(fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
		return err
	})
	if err == nil && statistics.Drops > 0 {
		err = fmt.Errorf("%d packets were lost: nobody took them in time", statistics.Drops)
	}
	return err
}
