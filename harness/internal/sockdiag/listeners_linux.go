package sockdiag

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// tcpListen is TCP_LISTEN (include/net/tcp_states.h).
const tcpListen = 10

// Listeners returns the inodes of the TCP sockets in LISTEN that take
// connections to the address: bound to it or, of any family that reaches it, to
// the unspecified one. The unspecified address asks for all of the port. They
// are of the network namespace of fd, a socket of NETLINK_INET_DIAG.
func Listeners(fd int, at netip.AddrPort) (inodes []uint32, err error) {
	families := []uint8{unix.AF_INET, unix.AF_INET6}
	for _, family := range families {
		found, err := listeners(fd, family, at)
		if err != nil {
			return nil, err
		}
		inodes = append(inodes, found...)
	}
	return inodes, nil
}

func listeners(fd int, family uint8, at netip.AddrPort) (inodes []uint32, err error) {
	h := header{
		Type: unix.SOCK_DIAG_BY_FAMILY, Flags: unix.NLM_F_REQUEST | unix.NLM_F_DUMP,
		Family: family, Protocol: unix.IPPROTO_TCP, States: 1 << tcpListen,
		Cookie: [2]uint32{noCookie, noCookie},
	}
	h.Length = uint32(binary.Size(h))
	binary.BigEndian.PutUint16(h.Ports[:2], at.Port())
	var request bytes.Buffer
	binary.Write(&request, binary.NativeEndian, h)
	if err := unix.Sendto(fd, request.Bytes(), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return nil, os.NewSyscallError("sendto", err)
	}
	answer := make([]byte, 32<<10) // NLMSG_GOODSIZE, at most
	for {
		n, _, err := unix.Recvfrom(fd, answer, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, os.NewSyscallError("recvfrom", err)
		}
		found, more, err := listenersIn(answer[:n], at)
		if inodes = append(inodes, found...); err != nil || !more {
			return inodes, err
		}
	}
}

// listenersIn reads a part of the dump; more says that it was not the last.
func listenersIn(answer []byte, at netip.AddrPort) (inodes []uint32, more bool, err error) {
	for len(answer) >= unix.NLMSG_HDRLEN {
		length := int(binary.NativeEndian.Uint32(answer))
		if length < unix.NLMSG_HDRLEN || length > len(answer) {
			break
		}
		body := answer[unix.NLMSG_HDRLEN:length]
		switch binary.NativeEndian.Uint16(answer[4:]) {
		case unix.NLMSG_DONE:
			return inodes, false, nil
		case unix.NLMSG_ERROR:
			if len(body) >= 4 {
				err = unix.Errno(-int32(binary.NativeEndian.Uint32(body)))
			}
			return inodes, false, os.NewSyscallError("sock_diag", err)
		case unix.SOCK_DIAG_BY_FAMILY:
			if len(body) >= message && takes(body, at) {
				inodes = append(inodes, binary.NativeEndian.Uint32(body[message-4:]))
			}
		}
		answer = answer[min(len(answer), (length+unix.NLMSG_ALIGNTO-1)&^(unix.NLMSG_ALIGNTO-1)):]
	}
	return inodes, true, nil
}

// takes says whether the listener of an inet_diag_msg (linux/inet_diag.h) takes
// connections to the address. Its port and its address stand behind four bytes.
func takes(m []byte, at netip.AddrPort) bool {
	if binary.BigEndian.Uint16(m[4:]) != at.Port() {
		return false
	}
	local := netip.AddrFrom4([4]byte(m[8:]))
	if m[0] == unix.AF_INET6 {
		local = netip.AddrFrom16([16]byte(m[8:])).Unmap()
	}
	asked := at.Addr().Unmap().WithZone("")
	return !asked.IsValid() || asked.IsUnspecified() || local == asked ||
		local.IsUnspecified() && (local.Is6() || asked.Is4())
}
