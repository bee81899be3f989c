package run

import (
	"context"
	"os"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/internal/sockdiag"
	"github.com/resetlab/resetlab/harness/script"
)

// await waits for an event of a socket, taking nothing. Whatever changes a
// socket wakes those who wait for it, whatever they wait for: an edge-triggered
// epoll is told of each change (epoll(7)), and then the kernel is asked.
func (c *course) await(line script.Line) (script.Result, error) {
	e := c.ends[line.Actor.Name]
	if e == nil {
		return script.Result{}, mistakef(line, "%s has no socket", line.Actor.Name)
	}
	if _, err := c.threadOf(line); err != nil {
		return script.Result{}, err
	}
	limit, cancel := context.WithTimeout(c.ctx, line.Call.Limit())
	defer cancel()
	if e.fd < 0 {
		return c.awaitGone(limit, line, e)
	}
	changes, err := watchChanges(limit, e.fd)
	if err != nil {
		return script.Result{}, mistakef(line, "%v", err)
	}
	defer changes.close()
	for {
		if err := c.settle(); err != nil {
			return script.Result{}, err
		}
		if c.has(line.Call, e) {
			return script.Result{Kind: script.OK}, nil
		}
		if limit.Err() != nil {
			break
		}
		if err := changes.next(); err != nil {
			return script.Result{}, mistakef(line, "%v", err)
		}
	}
	if c.ctx.Err() != nil {
		return script.Result{}, mistakef(line, "%v", context.Cause(c.ctx))
	}
	return script.Result{Kind: script.NotYet}, nil
}

// has says whether what is awaited has come.
func (c *course) has(call script.Call, e *end) bool {
	fds := []unix.PollFd{{Fd: int32(e.fd), Events: int16(asked(0))}}
	if _, err := unix.Ppoll(fds, &unix.Timespec{}, nil); err != nil {
		return false // a signal: it is asked again
	}
	info, err := unix.GetsockoptTCPInfo(e.fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return false
	}
	state := stateName(info.State)
	bits := uint32(uint16(fds[0].Revents))
	failed := bits&unix.POLLERR != 0 || e.socket.failed
	switch call.How {
	case "rst":
		return failed && state == "CLOSE" && e.socket.byPeer
	case "fin":
		return finished(state, bits, failed)
	case "error":
		return bits&unix.POLLERR != 0
	case "data":
		return unread(e.fd) > 0
	case "bytes":
		return unread(e.fd) >= call.N
	case "room":
		return bits&unix.POLLOUT != 0
	case "gone":
		return state == "CLOSE"
	}
	return state == string(call.State)
}

// finished says whether a FIN has come: by the state, and in CLOSE, where both
// a RST and the last ACK lead, by there being no error.
func finished(state string, bits uint32, failed bool) bool {
	switch state {
	case "CLOSE_WAIT", "LAST_ACK", "CLOSING", "TIME_WAIT":
		return true
	case "CLOSE":
		return bits&unix.POLLRDHUP != 0 && !failed
	}
	return false
}

func unread(fd int) int {
	n, err := unix.IoctlGetInt(fd, unix.SIOCINQ)
	if err != nil {
		return 0
	}
	return n
}

// awaitGone waits until the kernel has nothing left of a connection whose
// descriptor is gone. Nobody is told of that: it is asked again and again, for
// as long as the others on the processor have nothing to do.
func (c *course) awaitGone(limit context.Context, line script.Line, e *end) (script.Result, error) {
	for {
		_, exists, err := c.diagnose(e.socket)
		switch {
		case err != nil:
			return script.Result{}, mistakef(line, "%v", err)
		case !exists:
			return script.Result{Kind: script.OK}, nil
		case c.ctx.Err() != nil:
			return script.Result{}, mistakef(line, "%v", context.Cause(c.ctx))
		case limit.Err() != nil:
			return script.Result{Kind: script.NotYet}, nil
		}
		yield()
	}
}

// diagnose asks the kernel for a connection by its addresses (sock_diag(7)). In
// the place of one that is not there the kernel finds who listens at its port.
func (c *course) diagnose(s *socket) (sockdiag.Socket, bool, error) {
	fd, err := c.host.Socket(unix.AF_NETLINK, unix.SOCK_DGRAM, unix.NETLINK_INET_DIAG)
	if err != nil {
		return sockdiag.Socket{}, false, err
	}
	defer unix.Close(fd)
	found, ok := sockdiag.Ask(fd, s.local, s.remote)
	return found, ok && !(s.remote.IsValid() && found.State == unix.BPF_TCP_LISTEN), nil
}

// A changes tells of changes of a socket until its time is over.
type changes struct {
	epoll, wake int
	stop        func() bool
	rung        chan struct{} // closed when it is told that the time is over
}

func watchChanges(limit context.Context, fd int) (*changes, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(epoll)
		return nil, os.NewSyscallError("eventfd", err)
	}
	w := &changes{epoll: epoll, wake: wake, rung: make(chan struct{})}
	w.stop = context.AfterFunc(limit, func() {
		defer close(w.rung)
		one := [8]byte{1}
		_, _ = unix.Write(wake, one[:]) // it has room for more
	})
	all := asked(0) | unix.EPOLLET
	for _, watched := range []unix.EpollEvent{{Events: all, Fd: int32(fd)}, {Events: unix.EPOLLIN, Fd: int32(wake)}} {
		if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, int(watched.Fd), &watched); err != nil {
			w.close()
			return nil, os.NewSyscallError("epoll_ctl", err)
		}
	}
	return w, nil
}

// next waits for a change, or for the end of the time.
func (w *changes) next() error {
	events := make([]unix.EpollEvent, 2)
	if _, err := unix.EpollWait(w.epoll, events, -1); err != nil && err != unix.EINTR {
		return os.NewSyscallError("epoll_wait", err)
	}
	return nil
}

func (w *changes) close() {
	if !w.stop() {
		<-w.rung
	}
	unix.Close(w.epoll)
	unix.Close(w.wake)
}
