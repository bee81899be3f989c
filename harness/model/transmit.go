package model

import (
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/tcp"
)

// What surely fits into the buffers of both ends: below it a write never waits,
// and all that was written is at the other end. mostSmall is for buffers that a
// script has made small, mostMixed for those that were full and were drained.
const (
	mostQueued = 32 << 10
	mostSmall  = 512
	mostMixed  = 64
)

// write makes write(2) and send(2).
func (m *machine) write(line script.Line, s *sock) script.Result {
	c := line.Call
	if c.Has("oob") || c.Has("zerocopy") {
		beyond("send with oob or zerocopy")
	}
	dontWait, signal := c.Has("dontwait") || s.nonblocking, !c.Has("nosignal")
	return m.begin(line, s, func(call *call) (script.Result, bool) {
		return m.transmit(call, s, c, dontWait, signal)
	})
}

// transmit is tcp_sendmsg_locked (net/ipv4/tcp.c; RFC 9293, 3.10.2): it waits for
// a connection, is told the error, and waits for room.
func (m *machine) transmit(call *call, s *sock, c script.Call, dontWait, signal bool) (script.Result, bool) {
	if call.disconnects != s.disconnects {
		return s.streamError("EPIPE", signal), true
	}
	if !s.is(tcp.StateEstablished, tcp.StateCloseWait) { // sk_stream_wait_connect
		switch {
		case s.err != "":
			return s.streamError(s.takeError(), signal), true
		case s.state != tcp.StateSynSent:
			return s.streamError("EPIPE", signal), true
		case dontWait:
			return failed("EAGAIN"), true
		}
		return script.Result{}, false
	}
	if s.err != "" || s.writeShut {
		return s.streamError("EPIPE", signal), true
	}
	bytes := c.Bytes()
	if s.stuffed && len(bytes) > 0 { // sk_stream_wait_memory
		if dontWait {
			return failed("EAGAIN"), true
		}
		return script.Result{}, false
	}
	m.roomFor(s, len(bytes))
	result := script.Result{Kind: script.Count, Count: len(bytes), Asked: len(bytes)}
	s.out += int64(len(bytes))
	m.push(s, bytes, c.Has("more"))
	return result, true
}

// push puts bytes into the write queue and sends them, unless a cork or
// MSG_MORE keeps them back (tcp_push, net/ipv4/tcp.c; tcp_nagle_test,
// net/ipv4/tcp_output.c). Nagle's algorithm (RFC 9293, 3.7.4) never does here:
// all that was sent has been acknowledged.
func (m *machine) push(s *sock, bytes []byte, more bool) {
	s.held = append(s.held, bytes...)
	s.unacked += len(bytes)
	if len(bytes) > 0 && !s.cork && !more {
		m.flush(s, false)
	}
}

// roomFor ends the prediction where it would depend on the sizes of buffers.
func (m *machine) roomFor(s *sock, n int) {
	most := mostQueued
	if s.small || s.last != nil && s.last.small {
		most = mostSmall
	}
	queued := len(s.held)
	if s.last != nil {
		queued += len(s.last.queue)
	}
	if s.blurs() {
		most = mostMixed
	}
	if queued+n > most {
		beyond("%d bytes in buffers: their size decides whether a call waits", queued+n)
	}
}

// streamError is the error of a write; "broken pipe" gives way to an error that
// waits, and brings a SIGPIPE else (sk_stream_error, net/core/stream.c).
func (s *sock) streamError(err errno, signal bool) script.Result {
	if err == "EPIPE" && s.err != "" {
		err = s.takeError()
	}
	result := failed(err)
	result.SIGPIPE = err == "EPIPE" && signal
	return result
}

// takes says whether an end takes bytes, and does not answer with a RST.
func (m *machine) takes(far *sock) bool {
	return far != nil && !(far.readShut && far.is(tcp.StateFinWait1, tcp.StateFinWait2))
}

// fill writes without waiting until a write would wait. How much goes in, and
// how much of it arrives, the sizes of buffers decide.
func (m *machine) fill(s *sock) script.Result {
	one := script.Call{Verb: script.Send, Text: "0", Quoted: true}
	if s.flow != nil && m.takes(s.flow.ends[1-s.side]) {
		one.Text = ""
	}
	for range 2 { // what draws a RST is told by the next
		result, _ := m.transmit(&call{disconnects: s.disconnects}, s, one, true, true)
		if result.Errno == "EAGAIN" || s.stuffed {
			return script.Result{Kind: script.Full}
		}
		if result.Kind == script.Failed {
			return result
		}
	}
	if far := s.flow.ends[1-s.side]; len(far.calls) > 0 || len(far.watches) > 0 || s.cork || far.blurred || s.blurred {
		beyond("fill with a cork, in both directions, or under somebody who waits for it")
	}
	s.stuffed, s.filled, s.last.blurred = true, true, true
	return script.Result{Kind: script.Full}
}
