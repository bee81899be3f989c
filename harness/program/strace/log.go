// Package strace reads what strace(1) has printed of programs: the system calls
// that they made on their sockets, and what these returned. It makes no system
// call itself.
package strace

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Arguments are those of strace for a log that [Read] understands: all calls on
// descriptors, of every thread and child, with the inodes of sockets, appended to
// a file, which comes next.
func Arguments() []string {
	return []string{"-f", "-qq", "-ttt", "-T", "-y", "-s", "16", "--seccomp-bpf", "-e", "trace=%network,%desc", "-e", "signal=none", "-A", "-o"}
}

// A Log is what strace has printed of programs.
type Log struct {
	Calls   []Call // those on sockets, by when they were made
	Unread  int    // lines that could not be read, and calls that were not kept
	IOUring bool   // a program uses io_uring(7), whose operations strace does not show
	// Unended counts the threads whose ends the log does not tell: all, by the
	// Arguments; by the SocketArguments those that strace did not see to their ends.
	Unended int
}

// mostCalls bounds how many calls are kept; longestLine is of bytes.
const (
	mostCalls   = 50_000
	longestLine = 1 << 20
)

// Read reads a log. Lines that are none of strace's are counted. The error is
// that of reading, or says that a line is longer than 1 MiB.
func Read(r io.Reader) (*Log, error) {
	reading := reader{log: &Log{}, pending: map[int]Call{}, watched: map[string]uint64{}, living: map[int]bool{}, latest: map[int]int{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	for lines.Scan() {
		if !reading.line(lines.Text()) {
			reading.log.Unread++
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read what strace has printed: %w", err)
	}
	for _, c := range reading.pending { // they never returned
		reading.keep(c)
	}
	reading.log.Unended = len(reading.living)
	slices.SortStableFunc(reading.log.Calls, func(a, b Call) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.PID, b.PID))
	})
	return reading.log, nil
}

// A reader makes calls of lines.
type reader struct {
	log     *Log
	pending map[int]Call      // the call that each thread is in
	watched map[string]uint64 // sockets, by what epoll_wait(2) will call them
	living  map[int]bool      // the threads that have made calls and not ended
	latest  map[int]int       // the call that each thread made last, where it is kept
}

// line takes a line, and says whether it could be read.
func (r *reader) line(text string) bool {
	pid, at, rest, ok := stamped(text)
	if !ok {
		return false
	}
	r.living[pid] = true
	if i, kept := r.latest[pid]; kept {
		r.log.Calls[i].Over = at
		delete(r.latest, pid)
	}
	if strings.HasPrefix(rest, "+++ ") {
		delete(r.living, pid)
	}
	if strings.HasPrefix(rest, "+++ ") || strings.HasPrefix(rest, "--- ") || strings.HasPrefix(rest, "strace: ") {
		return true // it has ended, or got a signal
	}
	call := Call{PID: pid, At: at}
	if resumed, is := strings.CutPrefix(rest, "<... "); is {
		name, tail, found := strings.Cut(resumed, " resumed>")
		before, waited := r.pending[pid]
		if !found || !waited || before.Name != name {
			return false
		}
		delete(r.pending, pid)
		before.Over = at
		call, rest = before, name+"("+strings.TrimRight(before.Args, " ")+" "+strings.TrimLeft(tail, " ")
	}
	name, rest, found := strings.Cut(rest, "(")
	if !found || !isName(name) {
		return false
	}
	call.Name = name
	if args, unfinished := strings.CutSuffix(rest, "<unfinished ...>"); unfinished {
		call.Args = args
		r.pending[pid] = call
		return true
	}
	if !call.returned(rest) {
		return false
	}
	r.keep(call)
	return true
}

// keep keeps a call if it is on a socket.
func (r *reader) keep(c Call) {
	if strings.HasPrefix(c.Name, "io_uring_") {
		r.log.IOUring = true
	}
	c.find(r.watched)
	switch {
	case len(c.Sockets) == 0:
	case len(r.log.Calls) >= mostCalls:
		r.log.Unread++
	default:
		if c.Over.IsZero() {
			r.latest[c.PID] = len(r.log.Calls)
		}
		r.log.Calls = append(r.log.Calls, c)
	}
}

// stamped takes the thread and the time off a line.
func stamped(text string) (pid int, at time.Time, rest string, ok bool) {
	first, rest, _ := strings.Cut(text, " ")
	stamp, rest, ok := strings.Cut(strings.TrimLeft(rest, " "), " ")
	pid64, isPID := number(first)
	seconds, micros, dotted := strings.Cut(stamp, ".")
	s, isSeconds := number(seconds)
	us, isMicros := number(micros)
	if !ok || !dotted || !isPID || !isSeconds || !isMicros || len(micros) != 6 {
		return 0, time.Time{}, "", false
	}
	return int(pid64), time.Unix(s, us*1000), rest, true
}
