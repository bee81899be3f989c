package run

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/script"
)

// An end is a name of a script: one descriptor.
type end struct {
	name   string
	fd     int // -1 when it has been given up
	epoll  int // of watch; -1 before
	socket *socket
}

// A socket is what one or several ends have descriptors of.
type socket struct {
	names         []*end
	local, remote netip.AddrPort // the last that were known
	read, written int64          // bytes in all
	failed        bool           // a call was told that the connection has failed
	record        *lab.Record    // nil before its connection is known
	last          look           // what the kernel said of it last
	byPeer        bool           // it came into the state CLOSE by a segment
	accepted      bool           // it came of accept(2)
}

// first says whether the end is the first of its socket that has a descriptor.
func (e *end) first() bool {
	for _, other := range e.socket.names {
		if other.fd >= 0 {
			return other == e
		}
	}
	return false
}

// endOf finds the end of a line. One that has no socket gets it if the call
// makes one.
func (c *course) endOf(line script.Line) (*end, error) {
	e := c.ends[line.Actor.Name]
	switch verb := line.Call.Verb; {
	case verb == script.Accept && e != nil:
		return nil, mistakef(line, "%s has a socket already", e.name)
	case verb == script.Accept:
		return nil, nil // it comes of the call
	case e != nil && e.fd < 0:
		return nil, mistakef(line, "%s is gone", e.name)
	case e != nil:
		return e, nil
	}
	protocol := unix.IPPROTO_TCP
	if line.Call.Verb == script.Socket && line.Call.How == "mptcp" {
		protocol = unix.IPPROTO_MPTCP
	}
	switch line.Call.Verb {
	case script.Socket, script.Bind, script.Listen, script.Connect, script.Set:
	default:
		return nil, mistakef(line, "%s has no socket", line.Actor.Name)
	}
	fd, err := c.host.Socket(unix.AF_INET, unix.SOCK_STREAM, protocol)
	if err != nil {
		return nil, mistakef(line, "%v", err)
	}
	return c.add(line.Actor.Name, fd, &socket{}), nil
}

// add gives a name its descriptor.
func (c *course) add(name string, fd int, s *socket) *end {
	e := &end{name: name, fd: fd, epoll: -1, socket: s}
	s.names = append(s.names, e)
	c.ends[name] = e
	c.order = append(c.order, e)
	return e
}

// learn asks for the addresses of a socket, and keeps the old ones of one that
// has none any more. A port is called after the socket that had it first.
func (c *course) learn(e *end) {
	if e.fd < 0 {
		return
	}
	if local, err := addressOf(unix.Getsockname(e.fd)); err == nil && local.Port() != 0 {
		e.socket.local = local
		if c.ports[local.Port()] == "" {
			c.ports[local.Port()] = e.socket.names[0].name
		}
	}
	if remote, err := addressOf(unix.Getpeername(e.fd)); err == nil {
		e.socket.remote = remote
	}
}

// addressOf makes an address of one of the kernel's.
func addressOf(address unix.Sockaddr, err error) (netip.AddrPort, error) {
	in, ok := address.(*unix.SockaddrInet4)
	if err != nil || !ok {
		return netip.AddrPort{}, err
	}
	return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), uint16(in.Port)), nil
}

// port is where a name can be reached; 0 if it has none.
func (c *course) port(name string) uint16 {
	if e := c.ends[name]; e != nil {
		c.learn(e)
		return e.socket.local.Port()
	}
	return 0
}

// peer is the other end of a connection, nil if no name has it.
func (c *course) peer(s *socket) *socket {
	for _, e := range c.order {
		if other := e.socket; s.remote.IsValid() && other.local == s.remote && other.remote == s.local {
			return other
		}
	}
	return c.beyondProxy(s)
}

// nameOf is the name that had an address first, also if it has another by now: who
// listened there, and not who was accepted there.
func (c *course) nameOf(address netip.AddrPort) string {
	if name := c.ports[address.Port()]; name != "" {
		return name
	}
	if c.proxy != nil {
		return script.Proxy // nobody else has sockets there
	}
	return address.String()
}

// abandon closes what is left of an end at the end of a script, without leaving
// a connection behind.
func (c *course) abandon(e *end) error {
	if e.epoll >= 0 {
		unix.Close(e.epoll)
		e.epoll = -1
	}
	if e.fd < 0 {
		return nil
	}
	_ = unix.SetsockoptLinger(e.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}) // then it sends a FIN
	fd := e.fd
	e.fd = -1
	return unix.Close(fd)
}
