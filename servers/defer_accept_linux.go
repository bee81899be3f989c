package servers

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/lab"
)

// StartDeferAccept starts a server at h that is given a connection only when
// its first byte has come (tcp(7), TCP_DEFER_ACCEPT). Until then the kernel
// keeps it as a request that the client has not confirmed (tcp_check_req), so
// that a client which says nothing is never seen. The lab closes the server.
func StartDeferAccept(h *lab.Host, handle lab.Handler) (lab.Server, error) {
	const patience = 30 // seconds until a silent client's request is given up
	listener, err := h.Listen(context.Background())
	if err != nil {
		return nil, err
	}
	raw, err := listener.TCP().SyscallConn()
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, patience)
	})
	if err := errors.Join(err, os.NewSyscallError("setsockopt", failed)); err != nil {
		return nil, errors.Join(fmt.Errorf("defer accept at %s: %w", listener.Addr(), err), listener.Close())
	}
	return lab.ServeListener(listener, handle), nil
}
