package servers

import (
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/lab"
)

// RequireSignature has a listener take segments of a client, at an IPv4
// address, only with a signature by a key that both know (TCP-MD5, RFC 2385;
// tcp(7), TCP_MD5SIG). The error is ENOPROTOOPT if the kernel has no TCP-MD5.
func RequireSignature(listener *lab.Listener, client netip.Addr, key string) error {
	signature := unix.TCPMD5Sig{Keylen: uint16(len(key))}
	copy(signature.Key[:], key)
	signature.Addr.Family = unix.AF_INET
	address := client.As4()
	copy(signature.Addr.Data[2:], address[:]) // behind the port, as in sockaddr_in
	socket, err := listener.TCP().SyscallConn()
	if err != nil {
		return err
	}
	var set error
	if err := socket.Control(func(fd uintptr) {
		set = unix.SetsockoptTCPMD5Sig(int(fd), unix.IPPROTO_TCP, unix.TCP_MD5SIG, &signature)
	}); err != nil {
		return err
	}
	return os.NewSyscallError("setsockopt TCP_MD5SIG", set)
}
