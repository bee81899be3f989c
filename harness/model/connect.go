package model

import (
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/tcp"
)

// connect makes connect(2) (__inet_stream_connect, net/ipv4/af_inet.c;
// RFC 9293, 3.10.1). The call that finds a connection that failed is told its
// error, or ECONNABORTED if another call was told before.
func (m *machine) connect(line script.Line, s *sock, to *port) script.Result {
	switch s.user {
	case connected:
		return failed("EISCONN")
	case disconnecting:
		return failed("EINVAL")
	case unconnected:
		if s.state != tcp.StateClosed {
			return failed("EISCONN")
		}
		if s.port != nil && s.port == to {
			beyond("a socket that connects to itself")
		}
		m.open(s, to)
		s.user = connecting
		if s.nonblocking { // the answer comes while this call holds the socket
			return failed("EINPROGRESS")
		}
	case connecting:
		if s.state == tcp.StateSynSent && s.nonblocking {
			return failed("EALREADY")
		}
	}
	return m.begin(line, s, func(c *call) (script.Result, bool) { return m.connecting(s) })
}

// connecting is connect(2) from where it waits (inet_wait_for_connect).
func (m *machine) connecting(s *sock) (script.Result, bool) {
	switch s.state {
	case tcp.StateSynSent:
		return script.Result{}, false
	case tcp.StateClosed:
		result := failed(s.takeError())
		if result.Errno == "" {
			result.Errno = "ECONNABORTED"
		}
		s.user = unconnected
		s.disconnects++
		m.dissolve(s)
		return result, true
	}
	s.user = connected
	return script.Result{Kind: script.OK}, true
}

// open sends the SYN (tcp_connect, net/ipv4/tcp_output.c): who listens takes it,
// unless its queue is full: then it is dropped, and a timer sends the next
// (tcp_conn_request, net/ipv4/tcp_input.c); a port without a listener refuses.
func (m *machine) open(s *sock, to *port) {
	s.err, s.done = "", false // tcp_connect_init
	s.state, s.to = tcp.StateSynSent, to
	s.unacked, s.jumped, s.filled = 1, false, false // the SYN
	s.rst, s.last, s.was = false, nil, nil
	if s.port == nil {
		s.take(&port{s.name})
	}
	listener := m.listening(to)
	switch {
	case listener == nil:
		m.reset(s)
		return
	case len(listener.children) > listener.backlog: // sk_acceptq_is_full
		s.dropped = true
		return
	}
	for _, old := range m.all { // its challenge ACK draws a RST, and a timer sends the SYN again
		if old.port == to && old.to == s.port && !old.is(tcp.StateClosed, tcp.StateListen) {
			beyond("a port used again, of whose old connection the other end is still there")
		}
	}
	child := m.add()
	child.state, child.user, child.to = tcp.StateEstablished, connected, s.port
	child.take(to)
	child.inherit(listener)
	f := &flow{ends: [2]*sock{s, child}}
	s.flow, s.side, child.flow, child.side = f, 0, f, 1
	s.last, child.last, s.was, child.was = child, s, f, f
	s.unacked, s.in, s.out, s.taken = 0, 0, 0, 0
	s.state = tcp.StateEstablished // tcp_finish_connect
	m.wake(s, anyone)
	listener.children = append(listener.children, child)
	m.wake(listener, script.IN|script.PRI)
	if child.writeShut { // tcp_rcv_state_process: what its listener had shut is shut at once
		m.shutWrite(child)
	}
}

// take gives a socket its port.
func (s *sock) take(p *port) { s.port, s.address, s.adrift = p, p, false }

// inherit copies what a connection has from its listener (sk_clone_lock,
// net/core/sock.c).
func (s *sock) inherit(listener *sock) {
	s.linger, s.lingerTime, s.lowat = listener.linger, listener.lingerTime, listener.lowat
	s.cork, s.quick, s.small, s.timed = listener.cork, listener.quick, listener.small, listener.timed
	s.readShut, s.writeShut, s.reuse = listener.readShut, listener.writeShut, listener.reuse
	s.keepalive = listener.keepalive
}

// listening finds who listens at a port.
func (m *machine) listening(at *port) *sock {
	for _, s := range m.all {
		if s.state == tcp.StateListen && s.port == at && at != nil {
			return s
		}
	}
	return nil
}

// bind makes bind(2) (__inet_bind, net/ipv4/af_inet.c).
func (m *machine) bind(s, same *sock) script.Result {
	switch {
	case s.state != tcp.StateClosed, s.port != nil:
		return failed("EINVAL")
	case same == nil || same.address == nil: // the kernel chooses
		s.take(&port{s.name})
		s.fixed = true
		return script.Result{Kind: script.OK}
	case m.inUse(same.address):
		if s.reuse {
			beyond("a port that several sockets want, with SO_REUSEADDR")
		}
		return failed("EADDRINUSE")
	}
	s.take(same.address)
	s.bound, s.fixed = true, true
	return script.Result{Kind: script.OK}
}

// inUse says whether a socket has a port, or a timewait socket keeps it
// (inet_csk_bind_conflict, net/ipv4/inet_connection_sock.c).
func (m *machine) inUse(p *port) bool {
	for _, s := range m.all {
		if s.port == p || s.was != nil && s.was.mini[s.side] != "" && s.address == p {
			return true
		}
	}
	return false
}

// listen makes listen(2) (__inet_listen_sk, net/ipv4/af_inet.c). Without a bind
// before it takes a port of its own.
func (m *machine) listen(s *sock, backlog int) script.Result {
	if s.user != unconnected || !s.is(tcp.StateClosed, tcp.StateListen) {
		return failed("EINVAL")
	}
	s.backlog = backlog
	if s.state == tcp.StateListen {
		return script.Result{Kind: script.OK}
	}
	if s.port == nil {
		s.take(&port{s.name})
	}
	s.state = tcp.StateListen
	return script.Result{Kind: script.OK}
}

// accept makes accept(2) (inet_csk_accept, net/ipv4/inet_connection_sock.c). A
// connection that was reset in the queue is handed out like any other.
func (m *machine) accept(line script.Line, listener *sock) script.Result {
	dontWait := listener.nonblocking
	return m.begin(line, listener, func(c *call) (script.Result, bool) {
		switch {
		case listener.state != tcp.StateListen:
			return failed("EINVAL"), true
		case len(listener.children) == 0 && dontWait:
			return failed("EAGAIN"), true
		case len(listener.children) == 0:
			return script.Result{}, false
		}
		m.name(line.Actor.Name, listener.children[0])
		listener.children = listener.children[1:]
		m.roomInQueue(listener)
		return script.Result{Kind: script.OK}, true
	})
}

// roomInQueue ends the prediction where a SYN that was dropped would be answered
// if it came again: a timer decides when.
func (m *machine) roomInQueue(listener *sock) {
	for _, s := range m.all {
		if s.dropped && s.to == listener.port {
			beyond("a SYN that was dropped, and that a timer sends again")
		}
	}
}
