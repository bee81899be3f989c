package run

import (
	"context"
	"io"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/script"
	"github.com/resetlab/resetlab/harness/tcp"
)

// finish takes over what a call that has returned has changed, and returns its
// result.
func (c *course) finish(w *call) script.Result {
	c.note(w)
	r := w.job.result
	switch w.line.Call.Verb {
	case script.Accept, script.Dup: // the descriptor was for note
		r.Count, r.Word = 0, ""
	}
	return r
}

// noteAll takes over what calls have changed that had to wait and have returned.
func (c *course) noteAll() {
	for _, w := range c.returned() {
		c.note(w)
	}
}

// note takes over what a call has changed, once.
func (c *course) note(w *call) {
	if w.noted {
		return
	}
	w.noted = true
	r, verb := w.job.result, w.line.Call.Verb
	ok := r.Kind == script.OK
	switch {
	case verb == script.Accept && ok:
		remote, _ := netip.ParseAddrPort(r.Word) // what accept has always is one
		w.end = c.add(w.line.Actor.Name, r.Count, &socket{remote: remote, accepted: true})
		c.learn(w.end)
	case verb == script.Dup && ok:
		c.add(r.Word, r.Count, w.end.socket)
	case verb == script.Close || verb == script.Abort:
		if ok {
			c.givenUp(w.end)
		}
	case verb == script.Connect || verb == script.Bind:
		c.learn(w.end)
	case verb == script.Listen && ok:
		c.learn(w.end)
		c.listens(w.end)
	}
	if w.end == nil {
		return // accept failed
	}
	w.end.socket.moved(w.line.Call, r)
	c.journal(w, r)
}

// givenUp notes that an end has no descriptor any more.
func (c *course) givenUp(e *end) {
	e.fd = -1
	c.orphans = true
}

// moved counts the bytes that were read and written, and errors that were told.
func (s *socket) moved(call script.Call, r script.Result) {
	switch call.Verb {
	case script.Write, script.Send, script.Sendfile, script.Fill:
		s.written += int64(r.Count)
	case script.Splice:
		if call.How == "in" {
			s.read += int64(r.Count)
		} else {
			s.written += int64(r.Count)
		}
	case script.Read, script.Drain:
		s.read += int64(r.Count)
	case script.Recv:
		if !call.Has("peek") && !call.Has("oob") && !call.Has("errqueue") {
			s.read += int64(r.Count)
		}
	}
	if r.Kind == script.Failed && ends(r.Errno) || r.End == script.Failed && ends(r.Errno) {
		s.failed = true
	}
}

// ends says whether an error tells that the connection is over.
func ends(errno script.Errno) bool {
	switch errno {
	case "ECONNRESET", "EPIPE", "ETIMEDOUT", "ECONNABORTED", "EHOSTUNREACH", "ENETUNREACH":
		return true
	}
	return false
}

// journalOps are the calls that the journal has, by the words of package tcp.
var journalOps = map[script.Verb]tcp.Op{
	script.Connect: tcp.Connect, script.Accept: tcp.Accept,
	script.Read: tcp.Read, script.Recv: tcp.Read, script.Drain: tcp.Read,
	script.Write: tcp.Write, script.Send: tcp.Write, script.Fill: tcp.Write, script.Sendfile: tcp.Write,
	script.Close: tcp.Close, script.Abort: tcp.Abort, script.Kill: tcp.Close, script.Disconnect: tcp.Disconnect,
	script.Poll: tcp.Poll, script.SocketErr: tcp.SocketError,
}

// opOf is the journal's word for a call; empty if it has none.
func opOf(call script.Call) tcp.Op {
	switch {
	case call.Verb == script.Shutdown && call.How == "read":
		return tcp.ShutdownRead
	case call.Verb == script.Shutdown:
		return tcp.Shutdown
	case call.Verb == script.Splice && call.How == "in":
		return tcp.Read
	case call.Verb == script.Splice:
		return tcp.Write
	}
	return journalOps[call.Verb]
}

// journal enters a call into the journal of what is recorded.
func (c *course) journal(w *call, r script.Result) {
	op := opOf(w.line.Call)
	if c.lab == nil || op == "" {
		return
	}
	if record := c.recordOf(w, op); record != nil {
		record.Remember(op, w.start, r.Count*btoi(op == tcp.Read || op == tcp.Write), errorOf(r))
	}
}

// journalPending enters a call that has not returned, and never will.
func (c *course) journalPending(w *call) {
	op := opOf(w.line.Call)
	if c.lab == nil || op == "" || w.end == nil {
		return
	}
	if record := c.recordOf(w, op); record != nil {
		record.Remember(op, w.start, 0, context.Canceled)
	}
	w.noted = true
}

// recordOf is the record of the connection that a call is about, which begins
// with connect and accept; nil if there is no connection.
func (c *course) recordOf(w *call, op tcp.Op) *lab.Record {
	s := w.end.socket
	if op == tcp.Connect || s.record == nil && s.remote.IsValid() {
		local := ""
		if s.local.IsValid() {
			local = s.local.String()
		}
		s.record = c.lab.Host(s.names[0].name).Record(local, s.remote.String())
	}
	return s.record
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A namedError is an errno that says its name, as the answer does.
type namedError struct {
	syscall.Errno
	name string
}

func (e namedError) Error() string { return e.name }

func (e namedError) Unwrap() error { return e.Errno }

// errorOf is the error that a result is.
func errorOf(r script.Result) error {
	switch {
	case r.Kind == script.EOF || r.End == script.EOF:
		return io.EOF
	case r.Kind == script.Failed || r.End == script.Failed:
		return errnoOf(string(r.Errno))
	}
	return nil
}

// errnoOf finds the errno of a name.
func errnoOf(name string) error {
	for n := syscall.Errno(1); n < 134; n++ { // the last of asm-generic/errno.h is 133
		if unix.ErrnoName(n) == name {
			return namedError{n, name}
		}
	}
	return nil
}
