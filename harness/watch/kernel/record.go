package kernel

import "encoding/binary"

// A Record is struct event of resets.bpf.c, field by field. What is not known is
// 0 but where it says otherwise.
type Record struct {
	Time    uint64 // nanoseconds of CLOCK_MONOTONIC
	Cookie  uint64 // of the socket, unique until the machine is booted again
	Cgroup  uint64 // of cgroup v2: the inode of its directory
	Since   uint64 // when the handshake was over, as Time
	Jiffies uint64 // at Time
	// Bytes that were sent for the first time or again, that the peer
	// acknowledged, and that came.
	Sent, Acked, Received   uint64
	Kind                    uint32
	Reason                  uint32 // of enum sk_rst_reason; NoReason: none was told
	Netns                   uint32 // the inode of the network namespace
	UID                     uint32 // of who made the socket
	Unread, Unacked, Unsent uint32 // bytes in the socket's queues
	SRTT                    uint32 // microseconds
	Retransmissions         uint32
	LastSent                uint32 // jiffies when data was last sent, their low half
	Queue, QueueMost        uint32 // of a listener: connections to accept
	Error                   int32  // the errno, of Failed
	Syscall                 int32  // number of the system call at hand; -1: none, or of another ABI
	Hand                    uint32 // process at hand
	HandExit                uint32 // how it dies: a signal in the low 7 bits, or a status above 8
	Owner                   uint32 // process that owns the socket
	Family                  uint16
	LocalPort, RemotePort   uint16
	AnsweredLen             uint16 // bytes of payload of the segment that was answered
	Flags                   uint16
	AnsweredWindow          uint16
	AnsweredID              uint16 // its IP identification
	Was                     uint8  // the state before the end; of include/net/tcp_states.h
	How                     uint8  // how the owner is known
	Shutdown                uint8  // 1: for reading, 2: for writing
	AnsweredFlags           uint8  // as in the TCP header
	AnsweredTTL             uint8
	Role                    uint8 // 1: it connected, 2: it is of a listener; 0: not known
	Local, Remote           [16]byte
	HandName, OwnerName     [16]byte
}

// size is that of struct event.
const size = 216

// NoReason says that the kernel told no reason.
const NoReason = ^uint32(0)

// The kinds of records.
const (
	Sent     = 1 + iota // a RST was sent
	Received            // a RST ended a connection
	Failed              // an error ended one without a RST
)

// How an owner is known: the process at hand connected, listened (and the
// connection may be another one's by now), or closed; or it was found to hold
// the socket, alone or with others.
const (
	OwnerUnknown = iota
	OwnerConnected
	OwnerListened
	OwnerClosed
	OwnerFound
	OwnerShared
)

// The flags of a record.
const (
	LingerZero   = 1 << iota // SO_LINGER with timeout 0
	Orphan                   // no process holds the socket any more
	Unaccepted               // none has held it yet
	Dying                    // the process at hand is about to end
	KernelThread             // it is none but a thread of the kernel
	Passive                  // a segment was answered
	Full                     // there is a socket that is neither a handshake nor TIME-WAIT
	Answered                 // the segment that was answered is known
	StillOpen                // the socket was still in the state Was: nobody had ended it yet
)

// decode reads a record.
func (r *Record) decode(b []byte) {
	order, at := binary.NativeEndian, 0
	for _, field := range []*uint64{&r.Time, &r.Cookie, &r.Cgroup, &r.Since, &r.Jiffies, &r.Sent, &r.Acked, &r.Received} {
		*field, at = order.Uint64(b[at:]), at+8
	}
	for _, field := range []*uint32{
		&r.Kind, &r.Reason, &r.Netns, &r.UID, &r.Unread, &r.Unacked, &r.Unsent, &r.SRTT, &r.Retransmissions,
		&r.LastSent, &r.Queue, &r.QueueMost,
	} {
		*field, at = order.Uint32(b[at:]), at+4
	}
	r.Error, r.Syscall = int32(order.Uint32(b[at:])), int32(order.Uint32(b[at+4:]))
	r.Hand, r.HandExit, r.Owner = order.Uint32(b[at+8:]), order.Uint32(b[at+12:]), order.Uint32(b[at+16:])
	at += 20
	for _, field := range []*uint16{
		&r.Family, &r.LocalPort, &r.RemotePort, &r.AnsweredLen, &r.Flags, &r.AnsweredWindow, &r.AnsweredID,
	} {
		*field, at = order.Uint16(b[at:]), at+2
	}
	r.Was, r.How, r.Shutdown, r.AnsweredFlags, r.AnsweredTTL = b[at], b[at+1], b[at+2], b[at+3], b[at+4]
	r.Role, at = b[at+5], at+6
	for _, field := range []*[16]byte{&r.Local, &r.Remote, &r.HandName, &r.OwnerName} {
		copy(field[:], b[at:])
		at += 16
	}
}

// A Holder is a process that holds a TCP socket.
type Holder struct {
	Cookie  uint64
	Process uint32
	Name    [16]byte
}

const holderSize = 32

func (h *Holder) decode(b []byte) {
	h.Cookie, h.Process = binary.NativeEndian.Uint64(b), binary.NativeEndian.Uint32(b[8:])
	copy(h.Name[:], b[16:])
}
