package harness

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// receivedBy returns how many bytes the end of conn that is not ours has
// received in order, by asking its kernel for the socket (sock_diag(7)). It
// returns false where that is not this machine's, or does not say.
func receivedBy(conn *net.TCPConn) (bytes uint64, ok bool) {
	theirs, ours := addrPort(conn.RemoteAddr()), addrPort(conn.LocalAddr())
	if !theirs.Addr().IsLoopback() && theirs.Addr() != ours.Addr() {
		return 0, false
	}
	const kind = unix.SOCK_DGRAM | unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
	fd, err := unix.Socket(unix.AF_NETLINK, kind, unix.NETLINK_INET_DIAG)
	if err != nil {
		return 0, false
	}
	defer unix.Close(fd)
	kernel := &unix.SockaddrNetlink{Family: unix.AF_NETLINK}
	if err := unix.Sendto(fd, diagRequest(theirs, ours), 0, kernel); err != nil {
		return 0, false
	}
	answer := make([]byte, 4<<10) // is there when the request has been sent
	n, _, err := unix.Recvfrom(fd, answer, 0)
	if err != nil {
		return 0, false
	}
	return diagReceived(answer[:n])
}

func addrPort(addr net.Addr) netip.AddrPort {
	a := addr.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// diagHeader is a nlmsghdr with an inet_diag_req_v2 (linux/inet_diag.h), which
// asks for the one socket between two addresses.
type diagHeader struct {
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
	inetDiagInfo    = 2          // INET_DIAG_INFO: the attribute with the tcp_info
	inetDiagMessage = 72         // the size of an inet_diag_msg, before the attributes
	noCookie        = ^uint32(0) // INET_DIAG_NOCOOKIE: any socket
)

func diagRequest(source, destination netip.AddrPort) []byte {
	h := diagHeader{
		Type: unix.SOCK_DIAG_BY_FAMILY, Flags: unix.NLM_F_REQUEST,
		Family: unix.AF_INET, Protocol: unix.IPPROTO_TCP, Extensions: 1 << (inetDiagInfo - 1),
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
	var request bytes.Buffer
	binary.Write(&request, binary.NativeEndian, h)
	return request.Bytes()
}

// diagReceived finds the count of received bytes in the tcp_info of an answer.
func diagReceived(answer []byte) (bytes uint64, ok bool) {
	const at = unix.SizeofRtAttr + int(unsafe.Offsetof(unix.TCPInfo{}.Bytes_received))
	if len(answer) < unix.NLMSG_HDRLEN+inetDiagMessage ||
		binary.NativeEndian.Uint16(answer[4:]) != unix.SOCK_DIAG_BY_FAMILY {
		return 0, false
	}
	rest := answer[unix.NLMSG_HDRLEN+inetDiagMessage:]
	for len(rest) >= unix.SizeofRtAttr {
		length := int(binary.NativeEndian.Uint16(rest))
		if length < unix.SizeofRtAttr || length > len(rest) {
			return 0, false
		}
		if binary.NativeEndian.Uint16(rest[2:]) == inetDiagInfo && length >= at+8 {
			return binary.NativeEndian.Uint64(rest[at:]), true
		}
		rest = rest[min(len(rest), (length+unix.RTA_ALIGNTO-1)&^(unix.RTA_ALIGNTO-1)):]
	}
	return 0, false
}
