package capture

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The ring has room for 16,384 segments. A reader that gets no processor for
// 100 ms while resets run at full speed finds them all.
const (
	snapLength = 128 // an IP header and a TCP header with all options
	frameSize  = 256 // holds the kernel's header before it
	frames     = 1 << 14
	blockSize  = 1 << 16
)

// A ring is memory into which the kernel writes captured packets
// (packet(7), PACKET_RX_RING; Documentation/networking/packet_mmap.rst). It is
// of version 2: a packet can be read as soon as it is there, which version 3
// shows only with its whole block or after a timeout.
type ring struct {
	memory []byte
	next   int // the frame that the kernel fills next, or has filled
}

// newRing makes the ring of a packet socket.
func newRing(socket int) (*ring, error) {
	if err := unix.SetsockoptInt(socket, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V2); err != nil {
		return nil, fmt.Errorf("set PACKET_VERSION: %w", err)
	}
	request := unix.TpacketReq{
		Block_size: blockSize, Block_nr: frames * frameSize / blockSize, Frame_size: frameSize, Frame_nr: frames,
	}
	if err := unix.SetsockoptTpacketReq(socket, unix.SOL_PACKET, unix.PACKET_RX_RING, &request); err != nil {
		return nil, fmt.Errorf("set PACKET_RX_RING: %w", err)
	}
	memory, err := unix.Mmap(socket, 0, frames*frameSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the ring: %w", err)
	}
	return &ring{memory: memory}, nil
}

// drain hands over every packet that is there. The data is the ring's own and
// good until the function returns. index is that of the interface. losing says
// that the kernel found no room for a packet.
func (r *ring) drain(each func(s capturedSegment, index int)) (losing bool) {
	for {
		frame := r.memory[r.next*frameSize : (r.next+1)*frameSize]
		header := (*unix.Tpacket2Hdr)(unsafe.Pointer(&frame[0]))
		state := atomic.LoadUint32(&header.Status)
		if state&unix.TP_STATUS_USER == 0 {
			return losing
		}
		losing = losing || state&unix.TP_STATUS_LOSING != 0
		from := int(header.Net)
		link := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&frame[unix.SizeofTpacket2Hdr]))
		each(capturedSegment{
			at:       instant(header.Sec)*1e9 + instant(header.Nsec),
			data:     frame[from : from+int(header.Snaplen)],
			length:   int(header.Len),
			outgoing: link.Pkttype == unix.PACKET_OUTGOING,
		}, int(link.Ifindex))
		atomic.StoreUint32(&header.Status, unix.TP_STATUS_KERNEL)
		r.next = (r.next + 1) % frames
	}
}

func (r *ring) unmap() error { return unix.Munmap(r.memory) }
