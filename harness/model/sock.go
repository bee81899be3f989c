package model

import (
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A sock is one end as the kernel keeps it: struct sock, and what matters of
// the struct socket and the struct file above it.
type sock struct {
	name  string    // the first of its names
	state tcp.State // sk_state
	user  progress  // sock->state: how far connect(2) has come
	err   errno     // sk_err: the error that the next call is told, once

	readShut, writeShut bool // sk_shutdown: RCV_SHUTDOWN, SEND_SHUTDOWN
	done                bool // SOCK_DONE: the peer's FIN is here
	orphan              bool // SOCK_DEAD: no descriptor is left

	queue    []byte // sk_receive_queue: received and unread
	fin      bool   // a FIN stands behind the queue, unread
	held     []byte // the part of the write queue that a cork keeps back
	unacked  int    // write_seq - snd_una
	jumped   bool   // write_seq was set anew by tcp_disconnect: unacked is a large number
	stuffed  bool   // what it sends does not fit: some of it is queued at either end
	filled   bool   // fill wrote to it, and how much of that was acknowledged is unknown
	blurred  bool   // how much of what was sent to it has come is unknown
	flow     *flow  // the connection in which segments find it
	side     int    // which end of the flow
	was      *flow  // the last connection, also when it is over
	last     *sock  // the other end of that
	rst      bool   // a RST ended the last connection
	told     bool   // a call was told that it is over
	in, out  int64  // bytes that calls have read and written
	taken    int64  // bytes that calls have taken out of the queue
	dropped  bool   // the SYN found a full queue: a timer sends it again
	children []*sock
	backlog  int

	linger      bool // SO_LINGER, of lingerTime seconds
	lingerTime  int
	cork, quick bool // TCP_CORK, TCP_NODELAY
	lowat       int  // SO_RCVLOWAT
	small       bool // SO_SNDBUF or SO_RCVBUF was set
	timed       bool // SO_RCVTIMEO or SO_SNDTIMEO was set
	reuse       bool // SO_REUSEADDR
	keepalive   bool // SO_KEEPALIVE, with whatever times
	nonblocking bool // O_NONBLOCK, of the file: the same for all descriptors
	bound       bool // a bind(2) asked for this port (SOCK_BINDPORT_LOCK)
	fixed       bool // a bind(2) chose the address (SOCK_BINDADDR_LOCK)
	adrift      bool // its address was taken from it
	port        *port
	address     *port // inet_sport, which stays when the port is given up
	to          *port // inet_dport
	disconnects int   // sk_disconnects
	descriptors int   // names that have the file
	calls       []*call
	watches     []*watch
}

type errno = script.Errno

// A port is a local port. It has the first name of the socket that had it first.
type port struct{ name string }

// A progress is sock->state (include/linux/net.h, socket_state).
type progress int

const (
	unconnected   progress = iota // SS_UNCONNECTED
	connecting                    // SS_CONNECTING
	connected                     // SS_CONNECTED
	disconnecting                 // SS_DISCONNECTING
)

// A flow is a connection: its ends, as segments find them.
type flow struct {
	ends [2]*sock     // hashed sockets (inet_ehash); nil when one has gone
	mini [2]tcp.State // what a timewait socket does in its place: FIN_WAIT2 or TIME_WAIT
}

// in says whether the state is one of those named.
func (s *sock) is(states ...tcp.State) bool {
	for _, state := range states {
		if s.state == state {
			return true
		}
	}
	return false
}

// takeError hands the error out: whoever comes next finds none (sock_error,
// include/net/sock.h).
func (s *sock) takeError() errno {
	err := s.err
	s.err = ""
	return err
}

// unhash takes the end out of its flow: segments of the peer find no socket, or
// the timewait socket in its place (inet_unhash; inet_twsk_hashdance_schedule).
func (s *sock) unhash(mini tcp.State) {
	if s.flow == nil {
		return
	}
	s.flow.ends[s.side] = nil
	s.flow.mini[s.side] = mini
	s.flow = nil
}

// finish ends the socket (tcp_done, net/ipv4/tcp.c; RFC 9293, 3.10.7.4): it is
// closed and both directions are shut, which wakes everybody.
func (m *machine) finish(s *sock, mini tcp.State) {
	s.state = tcp.StateClosed
	s.unhash(mini)
	s.freePort()
	s.readShut, s.writeShut = true, true
	if s.orphan {
		m.destroy(s)
		return
	}
	m.wake(s, anyone)
}

// fail ends the socket with an error (tcp_done_with_error, net/ipv4/tcp_input.c):
// what it had not sent is lost, what it had received stays.
func (m *machine) fail(s *sock, err errno) {
	s.err = err
	s.held, s.stuffed = nil, false
	m.finish(s, "")
	if !s.orphan {
		m.wake(s, script.ERR)
	}
}

// reset is the arrival of a RST (tcp_reset, net/ipv4/tcp_input.c; RFC 9293,
// 3.5.3): "connection refused" before there was a connection, "broken pipe"
// behind the peer's FIN, which reads as the end of the stream all the same.
func (m *machine) reset(s *sock) {
	s.rst = s.rst || s.state != tcp.StateClosed
	switch s.state {
	case tcp.StateClosed:
	case tcp.StateSynSent:
		m.fail(s, "ECONNREFUSED")
	case tcp.StateCloseWait:
		m.fail(s, "EPIPE")
	default:
		m.fail(s, "ECONNRESET")
	}
}

// freePort gives up a port that no bind(2) asked for (tcp_set_state,
// net/ipv4/tcp.c; inet_put_port).
func (s *sock) freePort() {
	if !s.bound {
		s.port = nil
	}
}

// destroy forgets a socket that nobody can call any more (inet_csk_destroy_sock,
// net/ipv4/inet_connection_sock.c).
func (m *machine) destroy(s *sock) {
	s.unhash("")
	s.port = nil
}

// events is what poll(2) sees (tcp_poll, net/ipv4/tcp.c). HUP says that both
// directions are shut, not that a RST came; ERR that an error waits.
func (s *sock) events() script.Events {
	if s.state == tcp.StateListen { // inet_csk_listen_poll
		if len(s.children) > 0 {
			return script.IN
		}
		return 0
	}
	var e script.Events
	if s.readShut && s.writeShut || s.state == tcp.StateClosed {
		e |= script.HUP
	}
	if s.readShut {
		e |= script.IN | script.RDHUP
	}
	if s.state != tcp.StateSynSent {
		if s.readable() {
			e |= script.IN
		}
		if s.writeShut || !s.stuffed {
			e |= script.OUT
		}
	}
	if s.err != "" {
		e |= script.ERR
	}
	return e
}

// blurs says whether how much of what it sent has come is unknown.
func (s *sock) blurs() bool { return s.last != nil && s.last.blurred }

// readable says whether enough has been received for SO_RCVLOWAT; the FIN
// counts as a byte (tcp_epollin_ready, include/net/tcp.h).
func (s *sock) readable() bool {
	if s.blurred {
		if !s.last.stuffed {
			beyond(window)
		}
		return true
	}
	ready := len(s.queue)
	if s.fin {
		ready++
	}
	return ready >= max(1, s.lowat)
}
