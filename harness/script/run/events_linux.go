package run

import (
	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/tcp"
)

// eventBits are the events with poll(2)'s and epoll(7)'s bits, which are the
// same on Linux (include/uapi/linux/eventpoll.h).
var eventBits = []struct {
	event script.Events
	bit   uint32
}{
	{script.IN, unix.POLLIN}, {script.PRI, unix.POLLPRI}, {script.OUT, unix.POLLOUT},
	{script.ERR, unix.POLLERR}, {script.HUP, unix.POLLHUP}, {script.RDHUP, unix.POLLRDHUP},
}

// asked are the bits to ask for; if the script names none, all.
func asked(events script.Events) (bits uint32) {
	for _, e := range eventBits {
		if events == 0 || events&e.event != 0 {
			bits |= e.bit
		}
	}
	return bits
}

// happened is the result of a call that gives events.
func happened(bits uint32) script.Result {
	var events script.Events
	for _, e := range eventBits {
		if bits&e.bit != 0 {
			events |= e.event
		}
	}
	if events == 0 {
		return script.Result{Kind: script.Nothing}
	}
	return script.Result{Kind: script.Happens, Events: events}
}

// poll is poll(2) of one descriptor.
func poll(fd int, call script.Call) script.Result {
	fds := []unix.PollFd{{Fd: int32(fd), Events: int16(asked(call.Events))}}
	timeout := &unix.Timespec{}
	if call.Forever {
		timeout = nil
	}
	if _, err := unix.Ppoll(fds, timeout, nil); err != nil {
		return failure(err)
	}
	return happened(uint32(uint16(fds[0].Revents)))
}

// choosing is select(2) of one descriptor, for all that it can be asked about.
func choosing(fd int) script.Result {
	var read, write, except unix.FdSet
	read.Set(fd)
	write.Set(fd)
	except.Set(fd)
	if _, err := unix.Pselect(fd+1, &read, &write, &except, &unix.Timespec{}, nil); err != nil {
		return failure(err)
	}
	var bits uint32
	for _, set := range []struct {
		set *unix.FdSet
		bit uint32
	}{{&read, unix.POLLIN}, {&write, unix.POLLOUT}, {&except, unix.POLLPRI}} {
		if set.set.IsSet(fd) {
			bits |= set.bit
		}
	}
	return happened(bits)
}

// watching is epoll_ctl(2) and epoll_wait(2), of a set that has one descriptor.
func (c *course) watching(line script.Line, e *end) (uintptr, func() script.Result, error) {
	if line.Call.Verb == script.Wait {
		if e.epoll < 0 {
			return 0, nil, mistakef(line, "%s watches nothing: %s watch IN RDHUP", e.name, e.name)
		}
		epoll := e.epoll
		return 0, func() script.Result {
			events := make([]unix.EpollEvent, 1)
			n, err := unix.EpollWait(epoll, events, 0)
			if err != nil {
				return failure(err)
			}
			return happened(events[0].Events * uint32(n))
		}, nil
	}
	operation := unix.EPOLL_CTL_MOD
	if e.epoll < 0 {
		epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
		if err != nil {
			return 0, nil, mistakef(line, "epoll_create1: %v", err)
		}
		e.epoll, operation = epoll, unix.EPOLL_CTL_ADD
	}
	event := &unix.EpollEvent{Events: asked(line.Call.Events), Fd: int32(e.fd)}
	switch line.Call.How {
	case "edge":
		event.Events |= unix.EPOLLET
	case "once":
		event.Events |= unix.EPOLLONESHOT
	}
	epoll, fd := e.epoll, e.fd
	return 0, func() script.Result { return done(unix.EpollCtl(epoll, operation, fd, event)) }, nil
}

// stateName is the kernel's name of a state by its number (tcp_states.h).
func stateName(state uint8) string {
	names := []tcp.State{
		"", tcp.StateEstablished, tcp.StateSynSent, tcp.StateSynReceived, tcp.StateFinWait1, tcp.StateFinWait2,
		tcp.StateTimeWait, tcp.StateClosed, tcp.StateCloseWait, tcp.StateLastAck, tcp.StateListen, tcp.StateClosing,
		tcp.StateSynReceived, // NEW_SYN_RECV
	}
	if int(state) < len(names) {
		return string(names[state])
	}
	return ""
}
