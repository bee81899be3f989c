package model

import (
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A segment is what one end sends to the other. ACKs are not among them: all
// that arrives is acknowledged before a line is over.
type segment struct {
	data []byte
	fin  bool
	rst  bool
}

// send brings a segment to the other end and has it acknowledged or answered
// with a RST. Where no socket is, an answer comes all the same (tcp_v4_rcv,
// net/ipv4/tcp_ipv4.c, no_tcp_socket; RFC 9293, 3.10.7.1).
func (m *machine) send(s *sock, g segment) {
	f, far := s.flow, 1-s.side
	switch peer := f.ends[far]; {
	case peer != nil:
		m.arrive(peer, s, g)
	case g.rst: // nobody answers a RST
		f.mini[far] = ""
	case f.mini[far] == "":
		m.reset(s)
	case f.mini[far] == tcp.StateFinWait2 && len(g.data) > 0:
		// A closed end cannot take bytes: the timewait socket answers with a RST
		// and goes (tcp_timewait_state_process, net/ipv4/tcp_minisocks.c).
		f.mini[far] = ""
		m.reset(s)
	default:
		if g.fin {
			f.mini[far] = tcp.StateTimeWait
		}
		m.acknowledged(s)
	}
}

// arrive is a segment at a socket (tcp_rcv_state_process and
// tcp_rcv_established, net/ipv4/tcp_input.c; RFC 9293, 3.10.7.4).
func (m *machine) arrive(s, from *sock, g segment) {
	if g.rst {
		m.reset(s)
		return
	}
	if len(g.data) > 0 && s.readShut && s.is(tcp.StateFinWait1, tcp.StateFinWait2) {
		// Who has shut both directions and is sent bytes resets the connection
		// (RFC 1122, 4.2.2.13).
		m.reset(s)
		m.reset(from)
		return
	}
	if s.stuffed { // the ACK that comes with it may make room
		beyond(window)
	}
	if s.blurred { // it goes behind what a full window has left
		if len(s.calls) > 0 || len(s.watches) > 0 {
			beyond(window)
		}
		return
	}
	s.queue = append(s.queue, g.data...)
	if g.fin {
		m.finished(s)
	}
	if !s.orphan && (s.readable() || s.done) { // tcp_data_ready
		m.wake(s, script.IN|script.PRI)
	}
	m.acknowledged(from)
	if s.flow == nil || s.cork || len(s.held) == 0 {
		return
	}
	// tcp_rcv_established looks at what is to be sent (tcp_data_snd_check), but for
	// a segment that it expects and that acknowledges nothing.
	if !g.fin {
		beyond("whether an arriving segment lets go what MSG_MORE keeps back")
	}
	m.flush(s, false)
}

// finished is the arrival of a FIN (tcp_fin, net/ipv4/tcp_input.c; RFC 9293,
// 3.10.7.4, eighth step).
func (m *machine) finished(s *sock) {
	s.readShut, s.done, s.fin = true, true, true
	switch s.state {
	case tcp.StateEstablished:
		s.state = tcp.StateCloseWait
	case tcp.StateFinWait1:
		s.state = tcp.StateClosing
	case tcp.StateFinWait2:
		m.finish(s, tcp.StateTimeWait) // tcp_time_wait
	}
	if !s.orphan {
		m.wake(s, anyone)
	}
}

// acknowledged is the arrival of an ACK for all that was sent
// (tcp_rcv_state_process, net/ipv4/tcp_input.c; RFC 9293, 3.10.7.4, fifth
// step).
func (m *machine) acknowledged(s *sock) {
	s.unacked = len(s.held)
	switch s.state {
	case tcp.StateFinWait1:
		s.state, s.writeShut = tcp.StateFinWait2, true
		if s.orphan {
			m.leave(s, tcp.StateFinWait2)
			return
		}
		m.wake(s, anyone)
	case tcp.StateClosing:
		m.finish(s, tcp.StateTimeWait)
	case tcp.StateLastAck:
		m.finish(s, "")
	}
}

// leave puts a timewait socket in the place of an orphan (tcp_time_wait,
// net/ipv4/tcp_minisocks.c).
func (m *machine) leave(s *sock, mini tcp.State) {
	s.state = tcp.StateClosed
	s.unhash(mini)
	m.destroy(s)
}

// flush sends what a cork has held back, with a FIN if one is due
// (tcp_push_pending_frames, include/net/tcp.h; tcp_send_fin,
// net/ipv4/tcp_output.c: the FIN rides on the last bytes).
func (m *machine) flush(s *sock, fin bool) {
	g := segment{data: s.held, fin: fin}
	s.held = nil
	if fin {
		s.unacked++
	}
	if len(g.data) > 0 || fin {
		m.send(s, g)
	}
}

// abort sends a RST (tcp_send_active_reset, net/ipv4/tcp_output.c; RFC 9293,
// 3.10.5).
func (m *machine) abort(s *sock) {
	if s.flow != nil {
		m.send(s, segment{rst: true})
	}
}
