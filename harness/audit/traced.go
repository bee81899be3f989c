package audit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/program/strace"
)

// A struckSocket is the client's end of a connection that was struck, with the
// calls on it.
type struckSocket struct {
	strikeTime
	inode uint64
	fault Fault
	calls []strace.Call
	whole bool // all calls that the client made on it are here
}

// Kept around a strike are so many calls before it, and in all.
const (
	mostBefore = 10
	mostTraced = 40
)

// traceOf makes a trace of what was logged.
func (l *localInjector) traceOf(log *strace.Log, result Result) *Trace {
	strike, ok := l.strikes.last()
	switch {
	case !ok && l.cell.Fault == Refuse:
		return &Trace{Says: "nobody listened: there is no connection that calls could be on"}
	case !ok:
		return &Trace{Says: "the calls are not told apart by connections: below strace, no strike was seen on one"}
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
		return &Trace{Says: "which calls are on the connection that was struck is not known"}
	}
	trace := &Trace{Says: s.says(result)}
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
func (s struckSocket) kept() (list []TracedCall, left int) {
	first := slices.IndexFunc(s.calls, func(c strace.Call) bool { return s.after(c) })
	if first < 0 {
		first = len(s.calls)
	}
	from := max(0, first-mostBefore)
	to := min(len(s.calls), from+mostTraced)
	for _, c := range s.calls[from:to] {
		list = append(list, TracedCall{At: c.At.Sub(s.at), Took: c.Took, PID: c.PID, Text: c.String()})
	}
	return list, from + len(s.calls) - to
}

// after says whether a call was not over at the strike.
func (s struckSocket) after(c strace.Call) bool { return !c.Returned() || c.At.Add(c.Took).After(s.at) }

// says tells in a sentence what the calls told the client, and what became of it.
func (s struckSocket) says(r Result) string {
	if s.fault == Stall {
		return "silence shows in no call"
	}
	text := s.told(r)
	if text == "" {
		text = s.untold()
	}
	if len(r.Attempts) > 1 {
		text = fmt.Sprintf("connection %d: %s", s.connection, text)
	}
	return text
}

// told is about the first call by which the client was told; "" if there is none.
func (s struckSocket) told(r Result) string {
	for _, c := range s.calls {
		what := s.telling(c)
		if what == "" || !s.after(c) {
			continue
		}
		text := fmt.Sprintf("%s %s after the strike", what, since(c.At.Add(c.Took).Sub(s.at)))
		last := len(r.Attempts) == 0 || r.Attempts[len(r.Attempts)-1].Connection == s.connection
		switch {
		case r.Verdict.Has(Hung):
			return text + ", and the client did not come back: what it was told was lost above the system call"
		case !last:
			return text + ", and the client went on to another attempt"
		case r.Silent:
			return text
		case len(r.Chain) > 0:
			return text + ", and the client reported an error"
		case r.Verdict.Has(TruncatedOK, LostOK, Corrupted):
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
	return slices.Contains([]Fault{RST, DataRST, ReadRST, Unread, StallRST}, s.fault)
}

// untold is about a client that no call told.
func (s struckSocket) untold() string {
	end := "the end of the stream"
	if s.resets() {
		end = "the RST"
	}
	var asked []string
	var hinted, closed, waiting string
	for _, c := range s.calls {
		switch {
		case !s.after(c):
		case slices.Contains(writing, c.Name) && c.At.Before(s.at):
			// What it wrote is what was struck: nothing could be told yet.
		case slices.Contains(reading, c.Name) || slices.Contains(writing, c.Name):
			if !c.Returned() {
				waiting = c.Name
			} else if !slices.Contains(asked, c.Name) {
				asked = append(asked, c.Name)
			}
		case c.Name == "close" || c.Name == "shutdown":
			closed = c.Name
		case hinted == "" && s.hinted(c) != "":
			hinted = fmt.Sprintf("%s() reported %s", c.Name, s.hinted(c))
		}
	}
	switch {
	case slices.Contains([]Fault{CloseNote, GoAway}, s.fault):
		return "the end was told by data, and calls do not show what data mean"
	case !s.whole:
		return "no call is seen that told it of " + end + ", and not all of its calls are seen: nothing follows"
	case waiting != "":
		return waiting + "() had not returned when the client was ended"
	case len(asked) > 0:
		text := fmt.Sprintf("after the strike %s() told it nothing of %s, and it did not ask again", strings.Join(asked, "(), "), end)
		if hinted != "" {
			text += ", though " + hinted
		}
		return text
	case hinted != "":
		return fmt.Sprintf("%s after the strike, and no read or write followed: the client never asked what had happened", hinted)
	case closed != "":
		return fmt.Sprintf("no read or write after the strike, only %s(): the client never asked", closed)
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
