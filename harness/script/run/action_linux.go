package run

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/script"
)

// action returns what makes the call of a line, and in which system call that
// may have to wait. It runs on the script's thread.
func (c *course) action(line script.Line, e *end) (number uintptr, do func() script.Result, err error) {
	fd := -1 // of accept; else it is taken now: another thread may close it while this one waits
	if e != nil {
		fd = e.fd
	}
	switch call := line.Call; call.Verb {
	case script.Connect:
		return c.connect(line, e)
	case script.Accept:
		return c.accept(line)
	case script.Read, script.Recv, script.Write, script.Send, script.Sendfile, script.Splice:
		number, do = c.transfer(call, e)
		return number, do, nil
	case script.Poll:
		return unix.SYS_PPOLL, func() script.Result { return poll(fd, call) }, nil
	case script.Close, script.Abort:
		return unix.SYS_CLOSE, c.closing(e, call.Verb == script.Abort), nil
	case script.Dup:
		return 0, func() script.Result { return c.dup(fd, call.Name) }, nil
	case script.Bind:
		return 0, c.bind(line, e), nil
	case script.Watch, script.Wait:
		return c.watching(line, e)
	default:
		return 0, func() script.Result { return c.plain(call, fd) }, nil
	}
}

// plain makes a call that never waits.
func (c *course) plain(call script.Call, fd int) script.Result {
	switch call.Verb {
	case script.Socket:
		return done(nil)
	case script.Listen:
		return done(unix.Listen(fd, call.N))
	case script.Shutdown:
		how := map[string]int{"read": unix.SHUT_RD, "write": unix.SHUT_WR, "both": unix.SHUT_RDWR}[call.How]
		return done(unix.Shutdown(fd, how))
	case script.Disconnect:
		return done(disconnect(fd))
	case script.Set:
		return done(set(fd, call))
	case script.Select:
		return choosing(fd)
	case script.SocketErr:
		return socketError(fd)
	case script.GetState:
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return failure(err)
		}
		return script.Result{Kind: script.InState, Word: stateName(info.State)}
	case script.Unread:
		return counted(unix.IoctlGetInt(fd, unix.SIOCINQ))
	case script.Unacked:
		return counted(unix.IoctlGetInt(fd, unix.SIOCOUTQ))
	case script.Peername:
		return c.named(unix.Getpeername(fd))
	case script.Sockname:
		return c.named(unix.Getsockname(fd))
	}
	return script.Result{Kind: script.Unknown, Word: "the runner has no call " + string(call.Verb)}
}

// done is the result of a call that gives nothing.
func done(err error) script.Result {
	if err != nil {
		return failure(err)
	}
	return script.Result{Kind: script.OK}
}

// failure is the result of a call that failed.
func failure(err error) script.Result {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return script.Result{Kind: script.Unknown, Word: err.Error()}
	}
	name := script.Errno(unix.ErrnoName(errno))
	if name == "EWOULDBLOCK" {
		name = "EAGAIN"
	}
	return script.Result{Kind: script.Failed, Errno: name}
}

// counted is the result of a call that counts.
func counted(n int, err error) script.Result {
	if err != nil {
		return failure(err)
	}
	return script.Result{Kind: script.Count, Count: n}
}

// named is the result of a call that gives an address.
func (c *course) named(address unix.Sockaddr, err error) script.Result {
	at, err := addressOf(address, err)
	switch {
	case err != nil:
		return failure(err)
	case at.Port() == 0:
		return script.Result{Kind: script.None}
	}
	return script.Result{Kind: script.Word, Word: c.nameOf(at)}
}

// connect connects to a name, or to a port where nobody listens: 1, which is
// given to nobody who does not ask for it.
func (c *course) connect(line script.Line, e *end) (uintptr, func() script.Result, error) {
	port := uint16(1)
	if to := line.Call.Name; to != script.Nobody {
		if port = c.reach(e.name, to); port == 0 {
			return 0, nil, mistakef(line, "%s has no address: it neither listens nor is bound", to)
		}
	}
	fd := e.fd
	e.socket.remote = netip.AddrPortFrom(c.address, port)
	return unix.SYS_CONNECT, func() script.Result { return done(unix.Connect(fd, c.sockaddr(port))) }, nil
}

// accept takes a connection, which gets the name of the line.
func (c *course) accept(line script.Line) (uintptr, func() script.Result, error) {
	from := c.ends[line.Call.Name]
	if from == nil || from.fd < 0 {
		return 0, nil, mistakef(line, "%s has no socket", line.Call.Name)
	}
	listener := from.fd
	return unix.SYS_ACCEPT4, func() script.Result {
		// unix.Accept4 also asks the listener for its protocol, and its descriptor may
		// have been closed while this call waited.
		var from unix.RawSockaddrInet4 // getpeername does not know who was reset in the queue
		size := uint32(unsafe.Sizeof(from))
		fd, _, errno := unix.Syscall6(unix.SYS_ACCEPT4, uintptr(listener), uintptr(unsafe.Pointer(&from)),
			uintptr(unsafe.Pointer(&size)), unix.SOCK_CLOEXEC, 0, 0)
		if errno != 0 {
			return failure(errno)
		}
		port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&from.Port))[:])
		remote := netip.AddrPortFrom(netip.AddrFrom4(from.Addr), port)
		return script.Result{Kind: script.OK, Count: int(fd), Word: remote.String()} // note takes it over
	}, nil
}

// bind binds to a free port, or to that of another name.
func (c *course) bind(line script.Line, e *end) func() script.Result {
	port := uint16(0)
	if line.Call.Name != "" {
		port = c.port(line.Call.Name)
	}
	fd := e.fd
	return func() script.Result { return done(unix.Bind(fd, c.sockaddr(port))) }
}

// disconnect dissolves a connection (connect(2), AF_UNSPEC).
func disconnect(fd int) error {
	var unspecified [unix.SizeofSockaddrInet4]byte
	return connectRaw(fd, unspecified[:])
}

// closing gives the descriptor up, first having asked for a RST if it aborts.
func (c *course) closing(e *end, abort bool) func() script.Result {
	fd := e.fd
	return func() script.Result {
		if abort {
			if err := unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}); err != nil {
				return failure(err)
			}
		}
		return done(unix.Close(fd))
	}
}

// dup gives the socket a second name.
func (c *course) dup(fd int, name string) script.Result {
	fd, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return failure(err)
	}
	return script.Result{Kind: script.OK, Count: fd, Word: name} // finish takes it over
}

// socketError takes the error that waits (socket(7), SO_ERROR).
func socketError(fd int) script.Result {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return failure(err)
	case n == 0:
		return script.Result{Kind: script.None}
	}
	return failure(syscall.Errno(n))
}
