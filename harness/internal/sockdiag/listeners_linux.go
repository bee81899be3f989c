package sockdiag

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// States of include/net/tcp_states.h.
const (
	tcpEstablished = 1
	tcpCloseWait   = 8
	tcpListen      = 10
)

// Listeners returns the inodes of the TCP sockets in LISTEN that take
// connections to the address: bound to it or, of any family that reaches it, to
// the unspecified one. The unspecified address asks for all of the port. They
// are of the network namespace of fd, a socket of NETLINK_INET_DIAG.
func Listeners(fd int, at netip.AddrPort) (inodes []uint32, err error) {
	err = dump(fd, 1<<tcpListen, at.Port(), func(m []byte) {
		if takes(m, at) {
			inodes = append(inodes, binary.NativeEndian.Uint32(m[message-4:]))
		}
	})
	return inodes, err
}

// Unaccepted returns how many bytes lie unread at each connection to the address
// that nobody has accepted, in the words of Listeners. Such a connection has no
// inode; it may have received the peer's FIN. So may one whose owner has closed
// it, but that has sent its own.
func Unaccepted(fd int, at netip.AddrPort) (unread []uint32, err error) {
	const states = 1<<tcpEstablished | 1<<tcpCloseWait
	err = dump(fd, states, at.Port(), func(m []byte) {
		if takes(m, at) && binary.NativeEndian.Uint32(m[message-4:]) == 0 {
			unread = append(unread, binary.NativeEndian.Uint32(m[message-16:]))
		}
	})
	return unread, err
}

// dump calls each with the inet_diag_msg of each TCP socket that is in one of
// the states and has the local port, over IPv4 and IPv6.
func dump(fd int, states uint32, port uint16, each func(message []byte)) error {
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		if err := dumpFamily(fd, family, states, port, each); err != nil {
			return err
		}
	}
	return nil
}

func dumpFamily(fd int, family uint8, states uint32, port uint16, each func(message []byte)) error {
	h := header{
		Type: unix.SOCK_DIAG_BY_FAMILY, Flags: unix.NLM_F_REQUEST | unix.NLM_F_DUMP,
		Family: family, Protocol: unix.IPPROTO_TCP, States: states,
		Cookie: [2]uint32{noCookie, noCookie},
	}
	h.Length = uint32(binary.Size(h))
	binary.BigEndian.PutUint16(h.Ports[:2], port)
	var request bytes.Buffer
	binary.Write(&request, binary.NativeEndian, h)
	if err := unix.Sendto(fd, request.Bytes(), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return os.NewSyscallError("sendto", err)
	}
	answer := make([]byte, 32<<10) // NLMSG_GOODSIZE, at most
	for {
		n, _, err := unix.Recvfrom(fd, answer, 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return os.NewSyscallError("recvfrom", err)
		}
		if more, err := messagesIn(answer[:n], each); err != nil || !more {
			return err
		}
	}
}

// messagesIn reads a part of the dump; more says that it was not the last.
func messagesIn(answer []byte, each func(message []byte)) (more bool, err error) {
	for len(answer) >= unix.NLMSG_HDRLEN {
		length := int(binary.NativeEndian.Uint32(answer))
		if length < unix.NLMSG_HDRLEN || length > len(answer) {
			break
		}
		body := answer[unix.NLMSG_HDRLEN:length]
		switch binary.NativeEndian.Uint16(answer[4:]) {
		case unix.NLMSG_DONE:
			return false, nil
		case unix.NLMSG_ERROR:
			if len(body) >= 4 {
				err = unix.Errno(-int32(binary.NativeEndian.Uint32(body)))
			}
			return false, os.NewSyscallError("sock_diag", err)
		case unix.SOCK_DIAG_BY_FAMILY:
			if len(body) >= message {
				each(body)
			}
		}
		answer = answer[min(len(answer), (length+unix.NLMSG_ALIGNTO-1)&^(unix.NLMSG_ALIGNTO-1)):]
	}
	return true, nil
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
