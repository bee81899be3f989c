package kernel

import "encoding/binary"

// A Record is struct event of resets.bpf.c. What is not known is 0 but where it
// says otherwise.
type Record struct {
	Time                    uint64 // nanoseconds of CLOCK_MONOTONIC
	Cookie                  uint64 // of the socket, unique until the machine is booted again
	Cgroup                  uint64 // of cgroup v2: the inode of its directory
	Since                   uint64 // when the handshake was over, as Time
	Sent, Received          uint64 // bytes that were sent for the first time or again, and that came
	Netns                   uint32 // the inode of the network namespace
	UID                     uint32 // of who made the socket
	SRTT                    uint32 // microseconds
	Retransmissions         uint32
	Idle                    uint32 // jiffies since data was last sent
	Unread, Unacked, Unsent uint32 // bytes in the socket's queues
	Queue, QueueMost        uint32 // of a listener: connections to accept
	Hand                    uint32 // process at hand; none is told of Received
	Owner                   uint32 // process that owns the socket
	Reason                  uint16 // of enum sk_rst_reason; NoReason: none was told
	HandExit                uint16 // how it dies: a signal in the low 7 bits, or a status above 8
	Slot                    uint16 // of its kind, from 1; 0: none, or the rate is not limited
	Family                  uint16
	LocalPort, RemotePort   uint16
	AnsweredLen             uint16 // bytes of payload of the segment that was answered
	Flags                   uint16
	AnsweredWindow          uint16
	AnsweredID              uint16 // its IP identification
	Error                   int16  // the errno, of Failed
	Syscall                 int16  // number of the system call at hand; -1: none, or of another ABI
	Kind                    uint8
	Was                     uint8 // the state before the end; of include/net/tcp_states.h
	How                     uint8 // how the owner is known
	Shutdown                uint8 // 1: for reading, 2: for writing
	AnsweredFlags           uint8 // as in the TCP header
	AnsweredTTL             uint8
	Role                    uint8    // 1: it connected, 2: it is of a listener; 0: not known
	HandName, OwnerName     [16]byte // OwnerName is empty where the owner is at hand
	Local, Remote           [16]byte // an IPv4 address is the first 4 bytes
}

// What of struct event is there always, and all of it.
const (
	short = 128 + 16
	whole = short + 16 + 2*16
)

// stateListen is that of a listener.
const stateListen = 10

// NoReason says that the kernel told no reason.
const NoReason = ^uint16(0)

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
	Inside                   // it is of a cgroup that is asked for
	_
	OutOfMemory // the process at hand is about to end since the OOM killer has chosen it
)

// decode reads a record, which ends where nothing more is known.
func (r *Record) decode(b []byte) {
	order := binary.NativeEndian
	*r = Record{
		Time: order.Uint64(b), Cookie: order.Uint64(b[8:]), Cgroup: order.Uint64(b[16:]), Since: order.Uint64(b[24:]),
		Sent: order.Uint64(b[32:]), Received: order.Uint64(b[40:]),
		Netns: order.Uint32(b[48:]), UID: order.Uint32(b[52:]), SRTT: order.Uint32(b[56:]),
		Retransmissions: order.Uint32(b[60:]), Idle: order.Uint32(b[64:]),
		Unread: order.Uint32(b[68:]), Unacked: order.Uint32(b[72:]), Unsent: order.Uint32(b[76:]),
		Hand: order.Uint32(b[80:]), Owner: order.Uint32(b[84:]),
		Reason: order.Uint16(b[96:]), HandExit: order.Uint16(b[98:]), Slot: order.Uint16(b[100:]), Family: order.Uint16(b[102:]),
		LocalPort: order.Uint16(b[104:]), RemotePort: order.Uint16(b[106:]), AnsweredLen: order.Uint16(b[108:]),
		Flags: order.Uint16(b[110:]), AnsweredWindow: order.Uint16(b[112:]), AnsweredID: order.Uint16(b[114:]),
		Error: int16(order.Uint16(b[116:])), Syscall: int16(order.Uint16(b[118:])),
		Kind: b[120], Was: b[121], How: b[122], Shutdown: b[123], AnsweredFlags: b[124], AnsweredTTL: b[125], Role: b[126],
	}
	if r.Was == stateListen {
		r.Queue, r.QueueMost, r.Unread, r.Unacked = r.Unread, r.Unacked, 0, 0
	}
	copy(r.Local[:4], b[88:])
	copy(r.Remote[:4], b[92:])
	if r.Kind == Received {
		copy(r.OwnerName[:], b[128:])
	} else {
		copy(r.HandName[:], b[128:])
	}
	if len(b) >= short+16 && r.Kind != Received {
		copy(r.OwnerName[:], b[short:])
	}
	if len(b) >= whole {
		copy(r.Local[:], b[short+16:])
		copy(r.Remote[:], b[short+32:])
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
	copy(h.Name[:], b[12:])
}
