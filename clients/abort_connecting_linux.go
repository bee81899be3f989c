package clients

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/lab"
)

// AbortConnecting begins to connect the socket, which is in non-blocking mode
// and which it closes, to address, an IPv4 address and a port. When await has
// returned it aborts: linger 0 and close (socket(7)).
func AbortConnecting(h *lab.Host, socket int, address string, await func()) (lab.Outcome, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return lab.Outcome{}, errors.Join(fmt.Errorf("abort connecting: %w", err), unix.Close(socket))
	}
	record := h.Record("", address)
	err = unix.Connect(socket, &unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())})
	if err != unix.EINPROGRESS {
		return lab.Outcome{}, errors.Join(fmt.Errorf("connect to %s: %w", address, err), unix.Close(socket))
	}
	await()
	start := time.Now()
	err = os.NewSyscallError("setsockopt",
		unix.SetsockoptLinger(socket, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}))
	err = errors.Join(err, os.NewSyscallError("close", unix.Close(socket)))
	record.Remember(lab.Abort, start, 0, err)
	return record.Outcome(), err
}
