package isolation_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/watch"
)

// A stage is a client's and a server's machine, with real programs of which
// nobody keeps a journal.
type stage struct {
	*testing.T
	ctx            context.Context
	lab            *lab.Lab
	client, server *netlab.Host
}

// A toSay is what watch must say of the reset.
type toSay struct {
	server    string // the address that the program listens at
	atPeer    bool   // the program is at the end that received it
	cause     string // the first, and one of the rest
	sure      bool
	signal    string
	unread    int64 // -1: more than none
	oom       bool
	name      string // the program's
	pids      []int  // one of which it is
	container string // that it runs in; "": not compared
	doubt     bool   // or it is not sure: who accepted may have let go of the socket before anybody asked
}

// Real programs are watched that know nothing of this project: which process it
// was, why, what was unread, and what cures it. A cause or a process without "or"
// and "?" is right, or the test fails.
func TestWatchOfRealPrograms(t *testing.T) {
	w, err := watch.Open(watch.Options{Source: watch.SourceEBPF})
	switch {
	case err != nil && os.Getenv("RESETLAB_STRICT") == "1":
		t.Fatalf("skipping is forbidden: %v", err)
	case err != nil:
		t.Skip(err)
	}
	defer w.Close()
	for name, play := range plays {
		t.Run(name, func(t *testing.T) {
			s := &stage{T: t, ctx: within(t), lab: lab.New()}
			defer func() {
				if err := s.lab.Close(); err != nil {
					t.Error(err)
				}
			}()
			var err error
			s.client, s.server, err = netlab.Pair(s.lab)
			s.must(err)
			want := play(s)
			checkSaid(t, last(t, w, want.server), want)
		})
	}
}

// last returns the last of the resets of a server's connections.
func last(t *testing.T, w *watch.Watcher, server string) *watch.Diagnosis {
	t.Helper()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	var found *watch.Diagnosis
	for {
		some, err := w.Next(over)
		for i := range some {
			if d := &some[i]; d.Local.String() == server || d.Remote.String() == server {
				found = d
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if found == nil {
		t.Fatal("no reset was seen")
	}
	return found
}

func checkSaid(t *testing.T, d *watch.Diagnosis, want toSay) {
	t.Helper()
	end := &d.Event
	if want.atPeer {
		if d.Peer == nil {
			t.Fatalf("the program's end is missing: %+v", d)
		}
		end = d.Peer
	}
	cause, _ := causes.Find(d.Cause)
	for what, right := range map[string]bool{
		"end":       end.Local.String() == want.server,
		"cause":     d.Cause == want.cause && d.Sure() == want.sure,
		"cure":      d.Cure != "" && d.Cure == cause.Cure && d.Shown == cause.Scenario,
		"settle":    d.Sure() || d.Settle != "",
		"container": want.container == "" || end.Group.Container == want.container,
		"program":   end.Owner.Name == want.name,
		"process":   end.Owner.Sure() && slices.Contains(want.pids, end.Owner.PID) || want.doubt && !end.Owner.Sure(),
		"signal":    end.Signal == want.signal && end.OOM == want.oom,
		"unread":    end.Unread == want.unread || want.unread < 0 && end.Unread > 0,
	} {
		if !right {
			t.Errorf("%s: got %v: %q or %q, %v (%s), signal %q, %d unread; want %+v", what, &d.Event, d.Cause, d.Or,
				end.Owner, end.Owner.How, end.Signal, end.Unread, want)
		}
	}
	if t.Failed() {
		t.Logf("%+v\nother end %+v", d, d.Peer)
	}
}

func (s *stage) must(err error) {
	s.Helper()
	switch {
	case errors.Is(err, netlab.ErrUnavailable) || errors.Is(err, program.ErrUnavailable):
		if os.Getenv("RESETLAB_STRICT") != "1" {
			s.Skip(err)
		}
		fallthrough
	case err != nil:
		s.Fatal(err)
	}
}

// run starts a program at the server's machine.
func (s *stage) run(r program.Recipe) *lab.Program {
	s.Helper()
	p, err := s.lab.Host("server").Run(s.ctx, r)
	s.must(err)
	return p
}

// dial connects from the client's machine, and says something.
func (s *stage) dial(address, text string) *lab.Conn {
	s.Helper()
	c, err := s.lab.Host("client").Dial(s.ctx, address)
	s.must(err)
	s.lab.Own(c)
	s.say(c, text)
	return c
}

func (s *stage) say(c *lab.Conn, text string) {
	s.Helper()
	_, err := io.WriteString(c, text)
	s.must(err)
}

// hear reads as many bytes as the text has.
func (s *stage) hear(c *lab.Conn, text string) {
	s.Helper()
	got := make([]byte, len(text))
	_, err := io.ReadFull(c, got)
	s.must(err)
	if string(got) != text {
		s.Fatalf("the server says %q, want %q", got, text)
	}
}

// isReset reads until the connection ends, which must be by a RST.
func (s *stage) isReset(c *lab.Conn) {
	s.Helper()
	if _, err := io.Copy(io.Discard, c); !errors.Is(err, unix.ECONNRESET) {
		s.Fatalf("read: %v, want ECONNRESET", err)
	}
}

// isOver waits until a RST has come, be it behind the end of the stream.
func (s *stage) isOver(c *lab.Conn) {
	s.Helper()
	raw, err := c.TCP().SyscallConn()
	s.must(err)
	for over := 0; over == 0 && s.ctx.Err() == nil; {
		s.must(raw.Control(func(fd uintptr) {
			over, err = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLERR}}, 100) // or a hang-up
		}))
		if !errors.Is(err, unix.EINTR) {
			s.must(err)
		}
	}
	s.must(s.ctx.Err())
}

// arrived waits until the peer's kernel has acknowledged all that was written.
func (s *stage) arrived(c *lab.Conn) {
	s.Helper()
	raw, err := c.TCP().SyscallConn()
	s.must(err)
	for under := 1; under > 0 && s.ctx.Err() == nil; {
		s.must(raw.Control(func(fd uintptr) { under, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }))
		s.must(err)
	}
	s.must(s.ctx.Err())
}

// children are the processes that a process has started.
func (s *stage) children(pid int) (pids []int) {
	s.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
	s.must(err)
	for _, field := range strings.Fields(string(text)) {
		child, err := strconv.Atoi(field)
		s.must(err)
		pids = append(pids, child)
	}
	return pids
}

// holder is which of some processes has the socket whose other end is at an
// address, by /proc alone.
func (s *stage) holder(pids []int, remote string) int {
	s.Helper()
	end, err := netip.ParseAddrPort(remote)
	s.must(err)
	port := fmt.Sprintf(":%04X", end.Port())
	for s.ctx.Err() == nil {
		for _, pid := range pids {
			table, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", pid))
			s.must(err)
			for line := range strings.Lines(string(table)) {
				fields := strings.Fields(line)
				if len(fields) < 10 || !strings.HasSuffix(fields[2], port) {
					continue
				}
				descriptors, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
				s.must(err)
				for _, d := range descriptors {
					if target, _ := os.Readlink(d); target == "socket:["+fields[9]+"]" {
						return pid
					}
				}
			}
		}
	}
	s.Fatal("no process holds the connection")
	return 0
}
