package model

import (
	"time"

	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/tcp"
)

// socketError makes getsockopt SO_ERROR, which takes the error (sk_getsockopt,
// net/core/sock.c).
func socketError(s *sock) script.Result {
	if err := s.takeError(); err != "" {
		return failed(err)
	}
	return script.Result{Kind: script.None}
}

// unread makes SIOCINQ (tcp_inq, include/net/tcp.h): a FIN is no byte.
func unread(s *sock) script.Result {
	if s.state == tcp.StateListen {
		return failed("EINVAL")
	}
	if s.blurred {
		beyond(window)
	}
	return script.Result{Kind: script.Count, Count: len(s.queue)}
}

// unacked makes SIOCOUTQ (tcp_ioctl, net/ipv4/tcp.c): what was written and not
// acknowledged, a FIN included. What a RST has cut off stays counted.
func unacked(s *sock) script.Result {
	switch {
	case s.state == tcp.StateListen:
		return failed("EINVAL")
	case s.state == tcp.StateSynSent:
		return script.Result{Kind: script.Count}
	case s.blurs(), s.filled, s.jumped:
		beyond("SIOCOUTQ of a window that was full, or of a connection that was dissolved")
	}
	return script.Result{Kind: script.Count, Count: s.unacked}
}

// sockname makes getsockname(2), peername getpeername(2) (inet_getname,
// net/ipv4/af_inet.c), which fails where there is no peer, or none any more.
func sockname(s *sock) script.Result {
	switch {
	case s.address == nil:
		return script.Result{Kind: script.None}
	case s.adrift:
		beyond("the address of a connection that was dissolved")
	}
	return script.Result{Kind: script.Word, Word: s.address.name}
}

func peername(s *sock) script.Result {
	if s.to == nil || s.is(tcp.StateClosed, tcp.StateSynSent) {
		return failed("ENOTCONN")
	}
	return script.Result{Kind: script.Word, Word: s.to.name}
}

// set makes setsockopt(2) and fcntl(2).
func (m *machine) set(s *sock, c script.Call) script.Result {
	switch c.Option {
	case script.Nonblocking:
		s.nonblocking = c.On
	case script.Linger:
		s.linger, s.lingerTime = c.On, int(c.Time.Seconds())
	case script.Cork: // __tcp_sock_set_cork, net/ipv4/tcp.c
		s.cork = c.On
		if !c.On {
			m.pushHeld(s)
		}
	case script.NoDelay: // __tcp_sock_set_nodelay: it sends what a cork holds, too
		s.quick = c.On
		if c.On {
			m.pushHeld(s)
		}
	case script.ReuseAddr:
		s.reuse = c.On
	case script.RcvLowat: // tcp_set_rcvlowat, net/ipv4/tcp_input.c
		s.lowat = max(1, c.N)
		if s.readable() || s.done {
			m.wake(s, script.IN)
		}
	case script.RcvBuf, script.SndBuf:
		s.small = true
	case script.RcvTimeo, script.SndTimeo:
		s.timed = true
	case script.Keepalive:
		s.keepalive = c.On // it matters where the peer has vanished
	case script.UserTimeout, script.SynCnt:
		// They matter where a peer does not answer, and in a script all answer.
	default:
		beyond("set %s", c.Option)
	}
	return script.Result{Kind: script.OK}
}

// pushHeld sends what a cork kept back.
func (m *machine) pushHeld(s *sock) {
	if s.flow != nil && s.is(tcp.StateEstablished, tcp.StateCloseWait) {
		m.flush(s, false)
	}
}

// await says whether what is awaited is so. All that could come has come when a
// line is over; what a timer of the kernel could still bring is not modelled.
func (m *machine) await(s *sock, c script.Call) script.Result {
	var holds bool
	switch c.How {
	case "rst":
		holds = s.rst && s.state == tcp.StateClosed
	case "fin":
		holds = s.done
	case "error":
		holds = s.events()&script.ERR != 0
	case "data":
		holds = unread(s).Count > 0
	case "bytes":
		holds = unread(s).Count >= c.N
	case "room":
		holds = s.events()&script.OUT != 0
	case "gone":
		holds = s.gone(c)
	case "state":
		holds = s.state == c.State
	}
	if holds {
		return script.Result{Kind: script.OK}
	}
	m.timers()
	return script.Result{Kind: script.NotYet}
}

// timers ends the prediction where a timer may bring what is awaited: that of a
// SYN that was dropped, of a cork, or of keepalive probes (tcp_keepalive_timer,
// net/ipv4/tcp_timer.c), which an end that has vanished answers with RST.
func (m *machine) timers() {
	for _, s := range m.all {
		if s.dropped || len(s.held) > 0 || s.keepalive && m.vanished {
			beyond("what a timer brings while one waits")
		}
	}
}

// gone says whether the kernel has nothing left of a connection. What a timewait
// socket leaves is there for a minute (TCP_TIMEWAIT_LEN, include/net/tcp.h).
func (s *sock) gone(c script.Call) bool {
	if s.descriptors > 0 {
		return s.state == tcp.StateClosed
	}
	if s.was == nil || c.Limit() >= time.Minute {
		beyond("await gone of what was no connection, or for a minute")
	}
	return s.was.ends[s.side] == nil && s.was.mini[s.side] == ""
}
