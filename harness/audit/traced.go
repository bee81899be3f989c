package audit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
	"github.com/resetlab/resetlab/harness/program/strace"
)

// A struckSocket is the client's end of a connection that was struck, with the
// calls on it.
type struckSocket struct {
	strikeTime
	inode uint64
	fault point.Fault
	calls []strace.Call
	whole bool // all calls that the client made on it are here
}

// Kept around a strike are so many calls before it, and in all.
const (
	mostBefore = 10
	mostTraced = 40
)

// traceOf makes a trace of what was logged.
func (l *localInjector) traceOf(log *strace.Log, result verdict.Result) *verdict.Trace {
	strike, ok := l.strikes.last()
	switch {
	case !ok && l.cell.Fault == point.Refuse:
		return &verdict.Trace{Says: "nobody listened: there is no connection that calls could be on"}
	case !ok:
		return &verdict.Trace{Says: "the calls are not told apart by connections: below strace, no strike was seen on one"}
	}
	s := struckSocket{strikeTime: strike, fault: l.cell.Fault, whole: log.Unread == 0 && !log.IOUring}
	if s.inode, ok = l.socketOf(strike.connection); ok {
		for _, c := range log.Calls {
			if c.On(s.inode) {
				s.calls = append(s.calls, c)
			}
		}
	}
	if len(s.calls) == 0 {
		return &verdict.Trace{Says: "which calls are on the connection that was struck is not known"}
	}
	trace := &verdict.Trace{Says: s.says(result)}
	trace.Calls, trace.Left = s.kept()
	return trace
}

// socketOf is the client's end of a connection, by inode.
func (l *localInjector) socketOf(connection int) (inode uint64, ok bool) {
	l.sockets.Lock()
	defer l.sockets.Unlock()
	inodes := l.sockets.inodes
	if connection > len(inodes) || inodes[connection-1] == 0 {
		return 0, false
	}
	return uint64(inodes[connection-1]), true
}

// kept are the calls around the strike, and how many others there are.
func (s struckSocket) kept() (list []verdict.TracedCall, left int) {
	first := slices.IndexFunc(s.calls, func(c strace.Call) bool { return s.after(c) })
	if first < 0 {
		first = len(s.calls)
	}
	from := max(0, first-mostBefore)
	to := min(len(s.calls), from+mostTraced)
	for _, c := range s.calls[from:to] {
		list = append(list, verdict.TracedCall{At: c.At.Sub(s.at), Took: c.Took, PID: c.PID, Text: c.String()})
	}
	return list, from + len(s.calls) - to
}

// after says whether a call was certainly not over at the strike.
func (s struckSocket) after(c strace.Call) bool { return !c.Returned() || c.At.Add(c.Took).After(s.at) }

// before says whether a call was certainly over at the strike. Between the two is
// what strace's times leave open.
func (s struckSocket) before(c strace.Call) bool {
	return !s.after(c) && !c.Over.IsZero() && !c.Over.After(s.at)
}

// says tells in a sentence what the calls told the client, and what became of it.
func (s struckSocket) says(r verdict.Result) string {
	switch {
	case s.fault == point.Stall:
		return "silence shows in no call"
	case s.fault.Harmless():
		return "no call had to tell anything: the data came whole and in order, in other pieces"
	}
	text := s.told(r)
	if text == "" {
		text = s.untold(r)
	}
	if len(r.Attempts) > 1 {
		text = fmt.Sprintf("connection %d: %s", s.connection, text)
	}
	return text
}

// told is about the first call by which the client was told; "" if there is none.
func (s struckSocket) told(r verdict.Result) string {
	for _, c := range s.calls {
		what := s.telling(c)
		if what == "" || s.before(c) {
			continue
		}
		text := what + " at the strike"
		if s.after(c) {
			text = fmt.Sprintf("%s %s after the strike", what, since(c.At.Add(c.Took).Sub(s.at)))
		}
		last := len(r.Attempts) == 0 || r.Attempts[len(r.Attempts)-1].Connection == s.connection
		switch {
		case r.Verdict.Has(verdict.Hung):
			return text + ", and the client did not come back: what it was told was lost above the system call"
		case !last:
			return text + ", and the client went on to another attempt"
		case r.Silent:
			return text
		case len(r.Chain) > 0:
			return text + ", and the client reported an error"
		case r.Verdict.Has(verdict.TruncatedOK, verdict.LostOK, verdict.Corrupted):
			return text + ", and the client reported success: what it was told was swallowed above the system call"
		}
		return text + ", and the client reported success"
	}
	return ""
}

var (
	reading = []string{"read", "readv", "recvfrom", "recvmsg", "recvmmsg", "splice"}
	writing = []string{"write", "writev", "sendto", "sendmsg", "sendmmsg", "sendfile"}
	hints   = []string{"ERR", "HUP", "RDHUP"}
)

// telling says how a call tells the end of the connection; "" if it does not.
func (s struckSocket) telling(c strace.Call) string {
	switch {
	case slices.Contains([]string{"ECONNRESET", "EPIPE"}, c.Errno):
		return c.Name + "() returned " + c.Errno
	case c.Name == "getsockopt" && strings.Contains(c.Args, "SO_ERROR, [ECONNRESET]"):
		return "getsockopt(SO_ERROR) returned ECONNRESET"
	case slices.Contains(reading, c.Name) && c.Result == "0" && !s.resets():
		return c.Name + "() returned 0, the end of the stream,"
	}
	return ""
}

// resets says whether a RST is all that the client got.
func (s struckSocket) resets() bool {
	return slices.Contains([]point.Fault{point.RST, point.DataRST, point.ReadRST, point.Unread, point.StallRST}, s.fault)
}

// A look is what a client did on its connection from a strike on.
type look struct {
	asked   []string // the calls by which it could have been told, and was not
	when    string   // "after" the strike, or "at" it where one may be from before
	hinted  string   // a call that hinted at the end, with what it reported
	closed  string   // the call that closed it
	waiting string   // one that did not return
}

// look tells what the calls from the strike on are.
func (s struckSocket) look() look {
	l := look{when: "after"}
	for _, c := range s.calls {
		switch {
		case s.before(c):
		case slices.Contains(writing, c.Name) && c.At.Before(s.at):
			// What it wrote is what was struck: nothing could be told yet.
		case slices.Contains(reading, c.Name) || slices.Contains(writing, c.Name):
			if !c.Returned() {
				l.waiting = c.Name
			} else if !slices.Contains(l.asked, c.Name) {
				l.asked = append(l.asked, c.Name)
			}
			if !s.after(c) {
				l.when = "at"
			}
		case c.Name == "close" || c.Name == "shutdown":
			l.closed = c.Name
		case l.hinted == "" && s.hinted(c) != "":
			l.hinted = fmt.Sprintf("%s() reported %s", c.Name, s.hinted(c))
		}
	}
	return l
}

// untold is about a client that no call told.
func (s struckSocket) untold(r verdict.Result) string {
	end := "the end of the stream"
	if s.resets() {
		end = "the RST"
	}
	l := s.look()
	switch {
	case slices.Contains([]point.Fault{point.CloseNote, point.GoAway}, s.fault):
		return "the end was told by data, and calls do not show what data mean"
	case !s.whole:
		return "no call is seen that told it of " + end + ", and not all of its calls are seen: nothing follows"
	case l.waiting != "":
		return l.waiting + "() had not returned when the client was ended"
	case len(l.asked) > 0:
		text := fmt.Sprintf("%s the strike %s() told it nothing of %s, and it did not ask again", l.when, strings.Join(l.asked, "(), "), end)
		if l.hinted != "" {
			text += ", though " + l.hinted
		}
		return text
	case l.hinted != "":
		return fmt.Sprintf("%s after the strike, and no read or write followed: the client never asked what had happened", l.hinted)
	case len(r.Attempts) > 0 && r.Attempts[len(r.Attempts)-1].Connection != s.connection:
		return "no call is seen that told it of " + end + ", and yet it went on to another attempt: one was missed, or something else told it"
	case l.closed != "":
		return fmt.Sprintf("no read or write after the strike, only %s(): the client never asked", l.closed)
	}
	return "no call on the connection after the strike: the client never asked"
}

// hinted is the events by which a call hints at an end; "" if it does not.
func (s struckSocket) hinted(c strace.Call) string {
	for _, r := range c.Ready {
		for event := range strings.SplitSeq(r.Events, "|") {
			name := strings.TrimPrefix(strings.TrimPrefix(event, "EPOLL"), "POLL")
			if r.Socket == s.inode && slices.Contains(hints, name) {
				return r.Events
			}
		}
	}
	return ""
}

// since writes a time with few digits.
func since(d time.Duration) string {
	if d < time.Millisecond {
		return d.Round(time.Microsecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}
