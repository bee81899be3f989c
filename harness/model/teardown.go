package model

import (
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/tcp"
)

// closeState is the state in which a FIN is sent from this one; empty where
// none is sent (tcp_close_state and new_state, net/ipv4/tcp.c; RFC 9293, 3.10.4).
func closeState(state tcp.State) tcp.State {
	switch state {
	case tcp.StateEstablished:
		return tcp.StateFinWait1
	case tcp.StateCloseWait:
		return tcp.StateLastAck
	}
	return ""
}

// shutdown makes shutdown(2) (inet_shutdown, net/ipv4/af_inet.c). It marks the
// socket even where it fails, and on a listener it only knows the reading side.
func (m *machine) shutdown(s *sock, how string) script.Result {
	if s.user == connecting {
		s.user = connected
		if s.is(tcp.StateSynSent, tcp.StateClosed) {
			s.user = disconnecting
		}
	}
	result := script.Result{Kind: script.OK}
	switch {
	case s.state == tcp.StateListen && how == "write":
	case s.is(tcp.StateListen, tcp.StateSynSent):
		m.dissolve(s)
		s.user = unconnected
	default:
		if s.state == tcp.StateClosed {
			result = failed("ENOTCONN")
		}
		s.readShut = s.readShut || how != "write"
		s.writeShut = s.writeShut || how != "read"
		if how != "read" {
			m.shutWrite(s)
		}
	}
	m.wake(s, anyone)
	return result
}

// shutWrite sends the FIN if none was sent yet (tcp_shutdown, net/ipv4/tcp.c).
func (m *machine) shutWrite(s *sock) {
	if next := closeState(s.state); next != "" {
		m.countable(s)
		s.state = next
		m.flush(s, true)
	}
}

// close makes close(2): the descriptor goes at once, the socket with the last
// descriptor, and not while a call of another thread holds it. SO_LINGER of more
// than 0 s waits for what the peer has not taken, and it has taken all.
func (m *machine) close(name string) script.Result {
	m.letGo(m.drop(name))
	return script.Result{Kind: script.OK}
}

// release ends what nobody can call any more (inet_release,
// net/ipv4/af_inet.c; __tcp_close, net/ipv4/tcp.c; RFC 9293, 3.10.4). Whatever
// was received and not read makes it a RST (RFC 2525, 2.17), and so does
// SO_LINGER of 0 s; else it is a FIN.
func (m *machine) release(s *sock) {
	if s.is(tcp.StateEstablished, tcp.StateCloseWait, tcp.StateFinWait2) {
		m.countable(s)
	}
	s.watches = nil // eventpoll_release
	unread := len(s.queue) > 0
	s.orphan = true
	switch {
	case s.state == tcp.StateListen:
		s.state = tcp.StateClosed
		m.forget(s)
	case s.state == tcp.StateClosed:
	case unread:
		m.abort(s)
		s.state = tcp.StateClosed
	case s.linger && s.lingerTime == 0:
		m.dissolve(s)
	default:
		m.shutRest(s)
	}
	s.readShut, s.writeShut, s.queue, s.fin, s.err = true, true, nil, false, ""
	if s.state == tcp.StateClosed {
		m.destroy(s)
	}
}

// shutRest sends the FIN of a close, or leaves the rest to a timewait socket if
// it was sent before.
func (m *machine) shutRest(s *sock) {
	s.readShut, s.writeShut = true, true
	switch {
	case closeState(s.state) != "":
		m.shutWrite(s)
	case s.state == tcp.StateFinWait2:
		m.leave(s, tcp.StateFinWait2)
	case s.state == tcp.StateSynSent:
		s.state = tcp.StateClosed
	}
}

// forget ends the connections that a listener has not handed out, each with a
// RST (inet_csk_listen_stop, net/ipv4/inet_connection_sock.c).
func (m *machine) forget(listener *sock) {
	m.roomInQueue(listener)
	children := listener.children
	listener.children = nil
	for _, child := range children {
		m.dissolve(child)
		child.orphan = true
		m.destroy(child)
	}
}

// dissolve drops the connection and keeps the socket, as new but for an error
// (tcp_disconnect, net/ipv4/tcp.c; RFC 9293, 3.10.5, and the "connect to
// AF_UNSPEC" of connect(2)).
func (m *machine) dissolve(s *sock) {
	old := s.state
	s.state = tcp.StateClosed
	switch old {
	case tcp.StateListen:
		m.forget(s)
	case tcp.StateEstablished, tcp.StateCloseWait, tcp.StateFinWait1, tcp.StateFinWait2:
		m.abort(s)
		s.err = "ECONNRESET"
	case tcp.StateSynSent:
		s.err = "ECONNRESET"
	}
	s.unhash("")
	if old != tcp.StateClosed {
		s.freePort()
	}
	s.to, s.adrift = nil, !s.fixed // inet_bhash2_reset_saddr
	s.queue, s.fin, s.held, s.stuffed, s.blurred = nil, false, nil, false, false
	s.jumped, s.dropped = true, false
	s.readShut, s.writeShut, s.done = false, false, false
	m.wake(s, script.ERR)
}

// disconnect makes connect(2) to AF_UNSPEC (__inet_stream_connect,
// net/ipv4/af_inet.c).
func (m *machine) disconnect(s *sock) script.Result {
	s.disconnects++
	m.dissolve(s)
	s.user = unconnected
	return script.Result{Kind: script.OK}
}

// kill is the end of the process: its calls end, and all its descriptors are
// closed (do_exit, kernel/exit.c).
func (m *machine) kill(s *sock) {
	for _, c := range s.calls {
		wrong("%s still waits in the call of line %d: a process takes its threads with it, "+
			"which the runner cannot", c.line.Actor, c.line.At.Line)
	}
	for name, other := range m.names {
		if other == s {
			m.drop(name)
		}
	}
	m.letGo(s)
}

// vanish takes an end away without a segment: the peer learns of it from the
// answer to what it sends (TCP_REPAIR, net/ipv4/tcp.c).
func (m *machine) vanish(s *sock) {
	if s.state == tcp.StateListen {
		beyond("a listener that vanishes")
	}
	if len(s.calls) == 0 {
		s.unhash("")
		s.state = tcp.StateClosed
	}
	m.vanished = true
	m.kill(s)
}

// destroyed is SOCK_DESTROY (tcp_abort, net/ipv4/tcp.c; sock_diag(7)).
func (m *machine) destroyed(s *sock) script.Result {
	switch s.state {
	case tcp.StateClosed:
		if s.adrift {
			beyond("what has the address of a connection that was dissolved")
		}
		if s.was != nil && s.was.mini[s.side] != "" {
			s.was.mini[s.side] = "" // it is the timewait socket that is found
			return script.Result{Kind: script.OK}
		}
		// The addresses of a connection that is over find who listens there
		// (inet_diag_find_one_icsk, net/ipv4/inet_diag.c).
		if listener := m.listening(s.address); s.was != nil && listener != nil {
			return m.destroyed(listener)
		}
		if s.was == nil {
			beyond("SOCK_DESTROY of what was no connection")
		}
		return failed("ENOENT")
	case tcp.StateListen:
		s.state = tcp.StateClosed
		m.forget(s)
	case tcp.StateEstablished, tcp.StateCloseWait, tcp.StateFinWait1, tcp.StateFinWait2:
		m.abort(s)
	}
	m.fail(s, "ECONNABORTED")
	return script.Result{Kind: script.OK}
}

// window is why the prediction ends where it would depend on buffers.
const window = "what a window that was full lets through"

// countable ends the prediction where it would depend on how much of what was
// sent lies where.
func (m *machine) countable(s *sock) {
	if s.blurs() || s.blurred {
		beyond(window)
	}
}
