package model

import (
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/tcp"
)

// A receipt is a call of read or recv that goes on until it has what it wants.
type receipt struct {
	wants                   int
	peek, waitAll, dontWait bool
	waited                  bool // it has gone through the loop once
	got                     []byte
	seen                    int   // how far into the queue a peek has come
	since                   int64 // what had been taken out of the queue when it began
}

// read makes read(2) and recv(2). A read(2) of nothing gives nothing and looks at
// nothing (sock_read_iter, net/socket.c).
func (m *machine) read(line script.Line, s *sock) script.Result {
	c := line.Call
	switch {
	case c.Has("oob"), c.Has("trunc"):
		beyond("recv with oob or trunc")
	case c.Has("errqueue"):
		return failed("EAGAIN") // ip_recv_error: there is no report of a zerocopy
	case c.Verb == script.Read && c.N == 0:
		return script.Result{Kind: script.Data}
	}
	if s.blurred {
		beyond(window)
	}
	r := &receipt{
		wants: c.N, peek: c.Has("peek"), waitAll: c.Has("waitall"), dontWait: c.Has("dontwait") || s.nonblocking,
		since: s.taken,
	}
	return m.begin(line, s, func(c *call) (script.Result, bool) { return m.receive(c, s, r) })
}

// receive is the loop of tcp_recvmsg_locked (net/ipv4/tcp.c; RFC 9293, 3.10.3):
// bytes first, whatever has happened behind them; then the end of the stream,
// the error, a shutdown; then it waits.
func (m *machine) receive(c *call, s *sock, r *receipt) (script.Result, bool) {
	if c.disconnects != s.disconnects {
		// Another thread dissolved the connection while this one waited (sk_wait_data).
		if len(r.got) > 0 {
			return m.bytes(s, r), true
		}
		return failed("EPIPE"), true
	}
	if s.state == tcp.StateListen {
		return failed("ENOTCONN"), true
	}
	if r.wants == 0 && r.waited {
		// The loop ends behind whatever woke it, and looks at nothing.
		return m.bytes(s, r), true
	}
	r.waited = true
	if m.take(s, r) || len(r.got) >= r.target(s) {
		return m.bytes(s, r), true
	}
	closed := s.state == tcp.StateClosed
	if len(r.got) > 0 {
		if r.dontWait || s.err != "" || closed || s.readShut {
			return m.bytes(s, r), true
		}
		return script.Result{}, false
	}
	switch {
	case s.done:
		return m.bytes(s, r), true
	case s.err != "":
		return failed(s.takeError()), true
	case s.readShut:
		return m.bytes(s, r), true
	case closed:
		return failed("ENOTCONN"), true
	case r.dontWait:
		return failed("EAGAIN"), true
	}
	return script.Result{}, false
}

// take takes bytes out of the queue and says whether that is all the call can
// ever get: all that it wants, or a FIN. A peek leaves both there.
func (m *machine) take(s *sock, r *receipt) bool {
	if !r.peek {
		r.seen = 0
	}
	if r.peek && r.since != s.taken {
		beyond("bytes that another thread takes away under a peek that waits")
	}
	n := min(r.wants-len(r.got), len(s.queue)-r.seen)
	found := n > 0 || r.seen < len(s.queue)
	r.got = append(r.got, s.queue[r.seen:r.seen+n]...)
	fin := s.fin && r.seen+n == len(s.queue) && (!found || n > 0)
	if r.peek {
		r.seen += n
	} else {
		s.queue, s.taken = s.queue[n:], s.taken+int64(n)
		// The FIN goes with the last bytes if it came in their buffer, else with
		// the next call; nothing tells the difference (SOCK_DONE stands).
		if fin && (n == 0 || len(r.got) < r.wants) {
			s.fin = false
		}
	}
	return found && len(r.got) == r.wants || fin
}

// target is how many bytes the call does not return without (sock_rcvlowat,
// include/net/sock.h).
func (r *receipt) target(s *sock) int {
	if r.waitAll {
		return max(1, r.wants)
	}
	return max(1, min(s.lowat, r.wants))
}

// bytes is what a call that read returns: without any bytes the end of the
// stream.
func (m *machine) bytes(s *sock, r *receipt) script.Result {
	result := script.Result{Kind: script.Data, Data: string(r.got), Count: len(r.got), Asked: r.wants}
	if !r.peek {
		s.in += int64(len(r.got))
	}
	if len(r.got) == 0 && r.wants > 0 {
		result = script.Result{Kind: script.EOF, Asked: r.wants}
	}
	result.Read, result.Written = s.in, s.written()
	return result
}

// written is how many bytes the other end has written to this one.
func (s *sock) written() int64 {
	if s.last == nil {
		return 0
	}
	return s.last.out
}

// drain reads without waiting until a read would wait, or ends. What was written
// into a window that is full arrives in part, or all of it: the sizes of buffers
// decide. The writer can go on either way.
func (m *machine) drain(s *sock) script.Result {
	result := script.Result{Kind: script.Then}
	if peer := s.last; peer != nil && s.blurred {
		if s.flow == nil || peer.flow == nil {
			beyond(window)
		}
		peer.stuffed, s.queue = false, nil
		m.wake(peer, script.OUT)
		result.End, result.Of = script.Nothing, script.Less
		if m.choices.next(2) == 0 { // as if nothing had been
			result.Of, s.in, peer.out, peer.unacked = script.All, 0, 0, len(peer.held)
			s.blurred = len(peer.calls) > 0 // who waited to write has put more behind it
			peer.filled = s.blurred
		}
		return result
	}
	for {
		r := &receipt{wants: 1 << 16, dontWait: true}
		got, _ := m.receive(&call{disconnects: s.disconnects}, s, r)
		result.Count += got.Count
		switch {
		case got.Kind == script.EOF:
			result.End = script.EOF
		case got.Errno == "EAGAIN":
			result.End = script.Nothing
		case got.Kind == script.Failed:
			result.End, result.Errno = script.Failed, got.Errno
		default:
			continue
		}
		result.Read, result.Written = s.in, s.written()
		return result
	}
}

func failed(err errno) script.Result { return script.Result{Kind: script.Failed, Errno: err} }
