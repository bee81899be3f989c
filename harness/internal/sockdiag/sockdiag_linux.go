package sockdiag

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Socket is what the kernel tells of one.
type Socket struct {
	Inode uint32 // of its descriptors; 0 if nobody has one
	// Received is how many bytes have come in order; HasReceived says whether
	// the kernel told.
	Received    uint64
	HasReceived bool
	State       uint8  // as in enum bpf_tcp_state: unix.BPF_TCP_ESTABLISHED
	Unread      uint32 // bytes that have come in order and that nobody has read
}

// Peer asks for the other end of conn. It returns false where that is not on
// this machine, or is not there any more.
func Peer(conn *net.TCPConn) (Socket, bool) {
	return Between(addrPort(conn.RemoteAddr()), addrPort(conn.LocalAddr()))
}

// Between asks for the end at the address theirs of the connection to ours. It
// returns false as Peer does. One that a RST has ended is not there any more, its
// descriptor or not (tcp_done).
func Between(theirs, ours netip.AddrPort) (Socket, bool) {
	if !theirs.Addr().IsLoopback() && theirs.Addr() != ours.Addr() {
		return Socket{}, false
	}
	const kind = unix.SOCK_DGRAM | unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	fd, err := unix.Socket(unix.AF_NETLINK, kind, unix.NETLINK_INET_DIAG)
	if err != nil {
		return Socket{}, false
	}
	defer unix.Close(fd)
	return Ask(fd, theirs, ours)
}

// Ask is [Between] in the network namespace that fd, a socket of netlink's family
// NETLINK_INET_DIAG, was opened in.
func Ask(fd int, theirs, ours netip.AddrPort) (Socket, bool) {
	kernel := &unix.SockaddrNetlink{Family: unix.AF_NETLINK}
	if err := unix.Sendto(fd, request(theirs, ours), 0, kernel); err != nil {
		return Socket{}, false
	}
	answer := make([]byte, 4<<10) // is there when the request has been sent
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return Socket{}, false
	}
	return socketIn(answer[:n])
}

func addrPort(addr net.Addr) netip.AddrPort {
	a := addr.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// header is a nlmsghdr with an inet_diag_req_v2 (linux/inet_diag.h), which
// asks for the one socket between two addresses.
type header struct {
	Length   uint32
	Type     uint16
	Flags    uint16
	Sequence uint32
	PID      uint32

	Family, Protocol, Extensions, _ uint8
	States                          uint32
	Ports                           [4]byte // source and destination, big-endian
	Source, Destination             [16]byte
	Interface                       uint32
	Cookie                          [2]uint32
}

const (
	info     = 2          // INET_DIAG_INFO: the attribute with the tcp_info
	message  = 72         // the size of an inet_diag_msg, before the attributes
	noCookie = ^uint32(0) // INET_DIAG_NOCOOKIE: any socket
)

func request(source, destination netip.AddrPort) []byte {
	h := header{
		Type: unix.SOCK_DIAG_BY_FAMILY, Flags: unix.NLM_F_REQUEST,
		Family: unix.AF_INET, Protocol: unix.IPPROTO_TCP, Extensions: 1 << (info - 1),
		States: ^uint32(0), Cookie: [2]uint32{noCookie, noCookie},
	}
	if source.Addr().Is6() {
		h.Family = unix.AF_INET6
	}
	h.Length = uint32(binary.Size(h))
	binary.BigEndian.PutUint16(h.Ports[:2], source.Port())
	binary.BigEndian.PutUint16(h.Ports[2:], destination.Port())
	copy(h.Source[:], source.Addr().AsSlice())
	copy(h.Destination[:], destination.Addr().AsSlice())
	var b bytes.Buffer
	binary.Write(&b, binary.NativeEndian, h)
	return b.Bytes()
}

// socketIn reads an answer, and finds the count of received bytes in its
// tcp_info.
func socketIn(answer []byte) (s Socket, ok bool) {
	const at = unix.SizeofRtAttr + int(unsafe.Offsetof(unix.TCPInfo{}.Bytes_received))
	if len(answer) < unix.NLMSG_HDRLEN+message ||
		binary.NativeEndian.Uint16(answer[4:]) != unix.SOCK_DIAG_BY_FAMILY {
		return s, false
	}
	s.State = answer[unix.NLMSG_HDRLEN+1]
	s.Unread = binary.NativeEndian.Uint32(answer[unix.NLMSG_HDRLEN+message-16:])
	s.Inode = binary.NativeEndian.Uint32(answer[unix.NLMSG_HDRLEN+message-4:])
	rest := answer[unix.NLMSG_HDRLEN+message:]
	for len(rest) >= unix.SizeofRtAttr {
		length := int(binary.NativeEndian.Uint16(rest))
		if length < unix.SizeofRtAttr || length > len(rest) {
			break
		}
		if binary.NativeEndian.Uint16(rest[2:]) == info && length >= at+8 {
			s.Received, s.HasReceived = binary.NativeEndian.Uint64(rest[at:]), true
		}
		rest = rest[min(len(rest), (length+unix.RTA_ALIGNTO-1)&^(unix.RTA_ALIGNTO-1)):]
	}
	return s, true
}
