package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/strace"
)

// Trace is [Host.Run] below strace(1): what the program, its threads and its
// children call on their TCP connections is in the journal when the program is
// closed, as are the calls of a [Process]. It runs slower so. Where strace is not
// installed, or may not trace, it is Run, and [Program.Traced] says why.
func (h *Host) Trace(ctx context.Context, r program.Recipe) (*Program, error) {
	t := &tracing{}
	t.path, t.failed = findTracer(ctx)
	return h.run(ctx, r, t)
}

// findTracer looks for strace, and has it trace something.
func findTracer(ctx context.Context) (path string, err error) {
	if path, err = exec.LookPath("strace"); err != nil {
		return "", errors.New("strace(1), which would tell, is not installed")
	}
	args := append(strace.SocketArguments(), os.DevNull, "--", path, "-V")
	if said, err := exec.CommandContext(ctx, path, args...).CombinedOutput(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
		return "", fmt.Errorf("strace(1), which would tell, may not trace here: %w: %s", err, first)
	}
	return path, nil
}

// A tracing is how a program is traced.
type tracing struct {
	path   string // strace's; empty if it cannot be
	failed error  // why not, or what became of the log
	log    string
	done   bool // the calls are in the journal
	lost   []string
}

// below returns the arguments of a command as those of strace with it.
func (t *tracing) below(at program.Place, args []string) (_ []string, err error) {
	if t == nil || t.path == "" {
		return args, nil
	}
	if t.log, err = at.Write("system-calls", "", 0o600); err != nil {
		return nil, err
	}
	return slices.Concat([]string{t.path}, strace.SocketArguments(), []string{t.log, "--"}, args), nil
}

// Traced says, once the program is closed, whether its calls are in the journal,
// and in words which of them are not. The error says why none are.
func (p *Program) Traced() (lost []string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.tracing == nil:
		return nil, errors.New("strace(1) would tell")
	case p.tracing.failed != nil:
		return nil, p.tracing.failed
	case !p.tracing.done:
		return nil, errors.New("it is told when the program is closed")
	}
	return p.tracing.lost, nil
}

// takeCalls enters what strace has seen into the journal. The program has ended.
func (p *Program) takeCalls() {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.tracing
	if t == nil || t.log == "" {
		return
	}
	file, err := os.Open(t.log)
	if err != nil {
		t.failed = err
		return
	}
	defer file.Close()
	log, err := strace.Read(file)
	if err != nil {
		t.failed = err
		return
	}
	t.done = true
	unresolved := 0
	for _, c := range log.Connections() {
		if !c.Remote.IsValid() {
			unresolved++
			continue
		}
		p.enter(c)
	}
	t.lost = missing(log, unresolved)
}

// missing says in words what a log does not tell, with the number of connections
// of which one end is not known.
func missing(log *strace.Log, unresolved int) (all []string) {
	for _, lost := range []struct {
		is   bool
		what string
	}{
		{log.Unread > 0, fmt.Sprintf("%d lines of strace's were not understood or had no room", log.Unread)},
		{log.IOUring, "it uses io_uring(7), whose operations strace does not show"},
		{log.Unended > 0, fmt.Sprintf("strace did not see %d of its threads to their ends", log.Unended)},
		{unresolved > 0, fmt.Sprintf("no call names the other end of %d of its connections", unresolved)},
	} {
		if lost.is {
			all = append(all, lost.what)
		}
	}
	return all
}

// enter enters a connection's calls into the journal. A close behind which the
// connection was still used closed a copy of the descriptor only, as a parent's
// does that has forked.
func (p *Program) enter(c *strace.Connection) {
	local := ""
	switch {
	case c.Local.IsValid():
		local = c.Local.String()
	case c.Accepted:
		local = p.Addr()
	}
	record := p.host.Record(local, c.Remote.String())
	linger := false
	for i, call := range c.Calls {
		linger = linger || call.Name == "setsockopt" && strings.Contains(call.Args, "SO_LINGER, {l_onoff=1, l_linger=0}")
		op, err, told := understood(call, c, linger)
		if !told || op.Closes() && i+1 < len(c.Calls) {
			continue
		}
		made := Call{Op: op, Start: call.At, Duration: call.Took, Ending: harness.EndingOf(err), Err: err}
		if op == Read || op == Write {
			made.Bytes = call.Bytes()
		}
		if err != nil {
			made.Error = err.Error()
		}
		if op == Connect && call.Errno == "EINPROGRESS" { // it goes on, and its end is told elsewhere
			made.Ending, made.Err = harness.Open, nil
		}
		record.enter(made)
	}
}

// understood says in the words of a journal what a system call did. It tells
// nothing of one that is to be made again, or that changes nothing.
func understood(c strace.Call, of *strace.Connection, linger bool) (op Op, err error, told bool) {
	op, known := opOf(c, of, linger)
	given := tracedError.FindStringSubmatch(c.Args)
	switch {
	case !c.Returned(), c.Errno == "EAGAIN", c.Errno == "EINTR":
		return "", nil, false
	case c.Name == "getsockopt" && given != nil && given[1] == "0":
		return SocketErr, nil, true
	case c.Name == "getsockopt" && given != nil:
		return SocketErr, errnoOf(given[1]), true
	case c.Errno != "":
		return op, errnoOf(c.Errno), known
	case c.Ended():
		return op, io.EOF, known
	}
	return op, nil, known
}

// opOf names a system call on a connection.
func opOf(c strace.Call, of *strace.Connection, linger bool) (op Op, known bool) {
	op, known = map[string]Op{
		"accept": Accept, "accept4": Accept, "connect": Connect, "shutdown": Shutdown, "close": CloseOp,
		"read": Read, "readv": Read, "recvfrom": Read, "recvmsg": Read,
		"write": Write, "writev": Write, "sendto": Write, "sendmsg": Write, "sendfile": Write, "splice": Write,
	}[c.Name]
	switch {
	case op == Connect && strings.Contains(c.Args, "AF_UNSPEC"):
		return Disconnect, true
	case op == Read && strings.Contains(c.Args, "MSG_PEEK"):
		return Poll, true
	case c.Name == "splice" && c.First() == of.Socket:
		return Read, true
	case op == Shutdown && strings.HasSuffix(c.Args, "SHUT_RD"):
		return ShutdownRead, true
	case op == CloseOp && linger:
		return Abort, true
	}
	return op, known
}

// tracedError is what getsockopt(SO_ERROR) gave, as strace prints it.
var tracedError = regexp.MustCompile(`SO_ERROR, \[(0|E[A-Z]+)\]`)

// An errnoName is an errno by its name, as ECONNRESET.
type errnoName struct {
	name  string
	errno error // nil if it says nothing of a connection
}

func (e errnoName) Error() string { return e.name }
func (e errnoName) Unwrap() error { return e.errno }

func errnoOf(name string) error {
	return errnoName{name, map[string]error{
		"ECONNRESET": syscall.ECONNRESET, "EPIPE": syscall.EPIPE, "ECONNREFUSED": syscall.ECONNREFUSED,
		"ECONNABORTED": syscall.ECONNABORTED, "ETIMEDOUT": syscall.ETIMEDOUT, "EHOSTUNREACH": syscall.EHOSTUNREACH,
		"ENETUNREACH": syscall.ENETUNREACH,
	}[name]}
}
