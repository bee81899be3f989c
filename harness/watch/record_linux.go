package watch

import (
	"bytes"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/harness/watch/kernel"
)

// event says in this package's words what a record says.
func (s *ebpfSource) event(r *kernel.Record) Event {
	is := func(flag uint16) bool { return r.Flags&flag != 0 }
	e := Event{
		Time:  time.Unix(0, int64(r.Time)+int64(s.ahead)),
		Kind:  map[uint8]Kind{kernel.Sent: Sent, kernel.Received: Received, kernel.Failed: Failed}[r.Kind],
		Local: address(r.Family, &r.Local, r.LocalPort), Remote: address(r.Family, &r.Remote, r.RemotePort),
		Netns: r.Netns, Cgroup: r.Cgroup, UID: r.UID,
		Passive: is(kernel.Passive), Whole: is(kernel.Full), StillOpen: is(kernel.StillOpen),
		LingerZero: is(kernel.LingerZero), Orphan: is(kernel.Orphan), Unaccepted: is(kernel.Unaccepted),
		BytesSent: int64(r.Sent), BytesReceived: int64(r.Received), Retransmissions: int(r.Retransmissions),
		RoundTrip: time.Duration(r.SRTT) * time.Microsecond, Idle: -1, Age: -1,
		AtHand: Process{PID: int(r.Hand), Name: name(&r.HandName)}, Dying: is(kernel.Dying), OOM: is(kernel.OutOfMemory),
		Call: calls[int(r.Syscall)], cookie: r.Cookie,
		role: map[uint8]Role{1: Client, 2: Server}[r.Role], slot: r.Slot, inside: is(kernel.Inside),
	}
	if int(r.Was) < len(states) {
		e.Was = states[r.Was]
	}
	reason, _ := s.tracer.Reason(r)
	e.Reason = tcp.Reason(reason)
	if r.Error != 0 {
		e.Error = unix.ErrnoName(unix.Errno(r.Error))
	}
	if signal := unix.Signal(r.HandExit & 0x7f); e.Dying && signal != 0 {
		e.Signal = unix.SignalName(signal)
	}
	if e.Dying || is(kernel.KernelThread) {
		e.Call = "" // it is not what it is doing now
	}
	if is(kernel.KernelThread) {
		e.AtHand = Process{}
	}
	if is(kernel.Answered) {
		e.Answered = &Segment{
			Flags: flags(r.AnsweredFlags), Len: int(int16(r.AnsweredLen)), Window: int(r.AnsweredWindow),
			TTL: int(r.AnsweredTTL), IPID: int(r.AnsweredID),
		}
	}
	if r.Since != 0 && r.Time > r.Since {
		e.Age = time.Duration(r.Time - r.Since)
	}
	s.figures(&e, r)
	e.Owner = owner(&e, r)
	return e
}

// figures has what is in the queues, without the SYN and FIN that are counted
// among their bytes, for how long nothing was sent, and how full a listener's
// accept queue is.
func (s *ebpfSource) figures(e *Event, r *kernel.Record) {
	if e.Whole && e.Was == tcp.StateListen {
		e.Queue, e.QueueMost = int(r.Queue), int(r.QueueMost)
	}
	if !e.Whole || e.Was == tcp.StateListen {
		return
	}
	e.Unread, e.Unacked, e.Unsent = int64(int32(r.Unread)), int64(int32(r.Unacked)), int64(int32(r.Unsent))
	switch e.Was {
	case tcp.StateSynSent, tcp.StateSynReceived:
		e.Unacked, e.Unread = 0, 0
	case tcp.StateCloseWait:
		e.Unread--
	case tcp.StateLastAck, tcp.StateClosing:
		e.Unread--
		e.Unacked--
	case tcp.StateFinWait1:
		e.Unacked--
	}
	e.Unread, e.Unacked, e.Unsent = max(0, e.Unread), max(0, e.Unacked), max(0, e.Unsent)
	if s.hz == 0 {
		if jiffies, at, err := s.tracer.Clock(); err == nil {
			s.hz = hz(jiffies, at)
		}
	}
	if s.hz > 0 && e.BytesSent > 0 {
		e.Idle = time.Duration(r.Idle) * time.Second / time.Duration(s.hz)
	}
}

// hz returns how many jiffies a second has, which the kernel tells nobody: they
// begin at 300 seconds before they overflow 32 bits (include/linux/jiffies.h,
// INITIAL_JIFFIES), when CLOCK_MONOTONIC begins at 0. It returns 0 where several
// fit.
func hz(jiffies, monotonic uint64) uint64 {
	found := uint64(0)
	for _, hz := range []uint64{100, 250, 300, 1000} {
		expected := int64(1<<32-300*hz) + int64(monotonic/1e6*hz/1e3)
		if off := int64(jiffies) - expected; max(off, -off) < int64(5*hz) {
			if found != 0 {
				return 0
			}
			found = hz
		}
	}
	return found
}

// owner is whose the socket was: who ends it himself, or whoever the kernel
// keeps for it.
func owner(e *Event, r *kernel.Record) Owner {
	if e.Acts() {
		return Owner{Process: e.AtHand, How: AtHand}
	}
	how := map[uint8]How{
		kernel.OwnerConnected: Connected, kernel.OwnerListened: Listened, kernel.OwnerClosed: Closed,
		kernel.OwnerFound: Holds, kernel.OwnerShared: Shares,
	}[r.How]
	if how == Unknown || r.Owner == 0 {
		return Owner{}
	}
	return Owner{Process: Process{PID: int(r.Owner), Name: name(&r.OwnerName)}, How: how}
}

// name is a comm: up to 15 bytes and a NUL.
func name(comm *[16]byte) string {
	text, _, _ := bytes.Cut(comm[:], []byte{0})
	return string(text)
}

func address(family uint16, ip *[16]byte, port uint16) netip.AddrPort {
	switch family {
	case unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[:4])), port)
	case unix.AF_INET6:
		return netip.AddrPortFrom(netip.AddrFrom16(*ip).Unmap(), port)
	}
	return netip.AddrPort{}
}

// states are the kernel's numbers (include/net/tcp_states.h).
var states = [...]tcp.State{
	"", tcp.StateEstablished, tcp.StateSynSent, tcp.StateSynReceived, tcp.StateFinWait1, tcp.StateFinWait2,
	tcp.StateTimeWait, tcp.StateClosed, tcp.StateCloseWait, tcp.StateLastAck, tcp.StateListen, tcp.StateClosing,
	"NEW_SYN_RECV",
}

// flags names those of a TCP header.
func flags(bits uint8) string {
	var names []string
	for _, flag := range []struct {
		bit  uint8
		name string
	}{{0x02, "SYN"}, {0x01, "FIN"}, {0x04, "RST"}, {0x08, "PSH"}, {0x20, "URG"}, {0x10, "ACK"}} {
		if bits&flag.bit != 0 {
			names = append(names, flag.name)
		}
	}
	return strings.Join(names, " ")
}

// calls are the system calls that end connections, by their numbers here.
var calls = map[int]string{
	unix.SYS_CLOSE: "close", unix.SYS_CLOSE_RANGE: "close_range", unix.SYS_DUP3: "dup3", unix.SYS_SHUTDOWN: "shutdown",
	unix.SYS_CONNECT: "connect", unix.SYS_EXIT: "exit", unix.SYS_EXIT_GROUP: "exit_group", unix.SYS_EXECVE: "execve",
	unix.SYS_SENDMSG: "sendmsg", unix.SYS_SENDTO: "sendto", unix.SYS_RECVMSG: "recvmsg", unix.SYS_WRITE: "write",
	unix.SYS_IO_URING_ENTER: "io_uring_enter", unix.SYS_SETSOCKOPT: "setsockopt",
}
