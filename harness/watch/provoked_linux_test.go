package watch_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/tcp"
	"github.com/resetlab/resetlab/harness/watch"
)

// roleVariable tells a child process of this test what it is.
const roleVariable = "RESETLAB_WATCH_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		be(role)
	}
	os.Exit(m.Run())
}

// be is a child: descriptor 3 is a connection or a listener. It says when it has
// done its part, and waits until its standard input ends, unless it exits before.
func be(role string) {
	var conn net.Conn
	var err error
	file := os.NewFile(3, "inherited")
	if role == "worker" {
		listener, broken := net.FileListener(file)
		if broken != nil {
			panic(broken)
		}
		conn, err = listener.Accept()
	} else {
		conn, err = net.FileConn(file)
	}
	file.Close()
	if err == nil {
		_, err = conn.Read(make([]byte, 1))
	}
	if err != nil {
		panic(err)
	}
	os.Stdout.WriteString("ready\n")
	if role == "exits" {
		os.Stdin.Read(make([]byte, 1)) // until the parent has let the connection go
		os.Exit(7)
	}
	io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

// A scene is what a test makes of sockets of the loopback.
type scene struct {
	*testing.T
	listener *net.TCPListener
}

// An expected is what the watcher must say of the end that sent a RST, or of the
// one that received it.
type expected struct {
	kind   watch.Kind
	end    string // its address
	reason tcp.Reason
	was    tcp.State
	causes []string // one of them is the cause that is named, or it is among those that look the same
	sure   bool     // and nothing else looks the same
	owner  int      // the process; 0: nobody's
	how    watch.How
	call   string
	signal string
	unread int64
	peer   int // the process at the other end, if that is on this machine and received it
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// pair is a connection whose two ends are this process's, the first one the
// client's.
func (s *scene) pair() (client, server *net.TCPConn) {
	s.Helper()
	client = s.dial()
	server, err := s.listener.AcceptTCP()
	s.must(err)
	s.Cleanup(func() { server.Close() })
	return client, server
}

func (s *scene) dial() *net.TCPConn {
	s.Helper()
	conn, err := net.Dial("tcp", s.listener.Addr().String())
	s.must(err)
	s.Cleanup(func() { conn.Close() })
	return conn.(*net.TCPConn)
}

// say writes, and reads as much of it at the other end.
func (s *scene) say(from, to *net.TCPConn, text string, read int) {
	s.Helper()
	_, err := from.Write([]byte(text))
	s.must(err)
	_, err = io.ReadFull(to, make([]byte, read))
	s.must(err)
}

// child starts one with a file, and returns when that has done its part.
func (s *scene) child(role string, file *os.File, before func()) (c *exec.Cmd, release io.Closer) {
	s.Helper()
	c = exec.Command(os.Args[0], "-test.run=^$")
	c.Env = append(os.Environ(), roleVariable+"="+role)
	c.ExtraFiles, c.Stderr = []*os.File{file}, os.Stderr
	input, err := c.StdinPipe()
	s.must(err)
	output, err := c.StdoutPipe()
	s.must(err)
	s.must(c.Start())
	s.Cleanup(func() { input.Close(); c.Wait() })
	file.Close()
	before()
	if line, err := bufio.NewReader(output).ReadString('\n'); err != nil {
		s.Fatalf("the child said %q: %v", line, err)
	}
	return c, input
}

func control(s *scene, conn *net.TCPConn, do func(fd int) error) {
	s.Helper()
	raw, err := conn.SyscallConn()
	s.must(err)
	var failed error
	s.must(raw.Control(func(fd uintptr) { failed = do(int(fd)) }))
	s.must(failed)
}

// await waits until a connection has an event, and takes nothing.
func await(s *scene, conn *net.TCPConn, event int16) {
	s.Helper()
	control(s, conn, func(fd int) error {
		for {
			poll := []unix.PollFd{{Fd: int32(fd), Events: event}}
			n, err := unix.Poll(poll, -1)
			if n > 0 || err != nil && err != unix.EINTR {
				return err
			}
		}
	})
}

// provocations are ways in which connections die, each with what is known of it
// without any tracepoint.
var provocations = map[string]func(s *scene) expected{
	"close with bytes unread": func(s *scene) expected {
		client, server := s.pair()
		s.say(client, server, "hello", 1)
		s.must(server.Close())
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), reason: "TCP_ABORT_ON_CLOSE", was: tcp.StateEstablished,
			causes: []string{"unread"}, owner: os.Getpid(), how: watch.AtHand, call: "close", unread: 4, peer: os.Getpid()}
	},
	"the client closes with bytes unread": func(s *scene) expected {
		client, server := s.pair()
		s.say(server, client, "hello", 2)
		s.must(client.Close())
		return expected{kind: watch.Sent, end: client.LocalAddr().String(), reason: "TCP_ABORT_ON_CLOSE", was: tcp.StateEstablished,
			causes: []string{"unread", "left-early"}, owner: os.Getpid(), how: watch.AtHand, call: "close", unread: 3, peer: os.Getpid()}
	},
	"bytes and a FIN unread": func(s *scene) expected {
		client, server := s.pair()
		s.say(client, server, "hello", 1)
		s.must(client.CloseWrite())
		await(s, server, unix.POLLRDHUP)
		s.must(server.Close())
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), reason: "TCP_ABORT_ON_CLOSE", was: tcp.StateCloseWait,
			causes: []string{"unread"}, owner: os.Getpid(), how: watch.AtHand, call: "close", unread: 4, peer: os.Getpid()}
	},
	"SO_LINGER 0": func(s *scene) expected {
		client, server := s.pair()
		s.say(client, server, "hello", 5)
		s.must(server.SetLinger(0))
		s.must(server.Close())
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), reason: "TCP_STATE", was: tcp.StateEstablished,
			causes: []string{"linger-zero"}, owner: os.Getpid(), how: watch.AtHand, call: "close", peer: os.Getpid()}
	},
	"connect(AF_UNSPEC)": func(s *scene) expected {
		client, server := s.pair()
		s.say(client, server, "hello", 5)
		end := client.LocalAddr().String()
		control(s, client, func(fd int) error {
			var unspecified unix.RawSockaddr // AF_UNSPEC is 0
			_, _, errno := syscall.Syscall(syscall.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&unspecified)),
				unsafe.Sizeof(unspecified))
			if errno != 0 {
				return errno
			}
			return nil
		})
		return expected{kind: watch.Sent, end: end, reason: "TCP_STATE", was: tcp.StateEstablished, causes: []string{"disconnected"},
			sure: true, owner: os.Getpid(), how: watch.AtHand, call: "connect", peer: os.Getpid()}
	},
	"nobody listens": func(s *scene) expected {
		address := s.listener.Addr().String()
		s.must(s.listener.Close())
		if _, err := net.Dial("tcp", address); !errors.Is(err, syscall.ECONNREFUSED) {
			s.Fatalf("dial: %v", err)
		}
		return expected{kind: watch.Sent, end: address, reason: "NO_SOCKET", causes: []string{"refused"}, sure: true, peer: os.Getpid()}
	},
	"the listener is closed": func(s *scene) expected {
		client := s.dial()
		s.must(s.listener.Close())
		return expected{kind: watch.Sent, end: client.RemoteAddr().String(), reason: "TCP_STATE", was: tcp.StateEstablished,
			causes: []string{"listener-closed"}, sure: true, owner: os.Getpid(), how: watch.AtHand, call: "close", peer: os.Getpid()}
	},
	"data behind a close": func(s *scene) expected {
		client, server := s.pair()
		s.must(server.Close())
		await(s, client, unix.POLLRDHUP)
		_, err := client.Write([]byte("hello"))
		s.must(err)
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), causes: []string{"wrote-after-close"}, owner: -1,
			peer: os.Getpid()} // the kernel may have made a TIME-WAIT of the socket, or not yet
	},
	"data behind shutdown(SHUT_RDWR)": func(s *scene) expected {
		client, server := s.pair()
		control(s, server, func(fd int) error { return unix.Shutdown(fd, unix.SHUT_RDWR) })
		await(s, client, unix.POLLRDHUP)
		_, err := client.Write([]byte("hello"))
		s.must(err)
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), reason: "TCP_ABORT_ON_DATA", was: tcp.StateFinWait2,
			causes: []string{"shutdown-then-data"}, sure: true, owner: os.Getpid(), how: watch.Closed, peer: os.Getpid()}
	},
	"a process is killed": func(s *scene) expected {
		client, server := s.pair()
		file, err := server.File()
		s.must(err)
		s.must(server.Close())
		child, _ := s.child("held", file, func() {
			_, err := client.Write([]byte("hello"))
			s.must(err)
		})
		s.must(child.Process.Kill())
		child.Wait()
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), reason: "TCP_ABORT_ON_CLOSE", was: tcp.StateEstablished,
			causes: []string{"killed"}, sure: true, owner: child.Process.Pid, how: watch.AtHand, signal: "SIGKILL", unread: 4, peer: os.Getpid()}
	},
	"a process exits": func(s *scene) expected {
		client, server := s.pair()
		file, err := server.File()
		s.must(err)
		s.must(server.Close())
		child, release := s.child("exits", file, func() {
			_, err := client.Write([]byte("hello"))
			s.must(err)
		})
		s.must(release.Close())
		child.Wait()
		return expected{kind: watch.Sent, end: server.LocalAddr().String(), reason: "TCP_ABORT_ON_CLOSE", was: tcp.StateEstablished,
			causes: []string{"unread"}, owner: child.Process.Pid, how: watch.AtHand, unread: 4, peer: os.Getpid()}
	},
	"the client aborts what a worker has": func(s *scene) expected {
		file, err := s.listener.File()
		s.must(err)
		var client *net.TCPConn
		child, _ := s.child("worker", file, func() {
			client = s.dial()
			_, err := client.Write([]byte("a"))
			s.must(err)
		})
		s.must(client.SetLinger(0))
		s.must(client.Close())
		return expected{kind: watch.Sent, end: client.LocalAddr().String(), reason: "TCP_STATE", was: tcp.StateEstablished,
			causes: []string{"linger-zero"}, sure: true, owner: os.Getpid(), how: watch.AtHand, call: "close", peer: child.Process.Pid}
	},
	"the client aborts before accept": func(s *scene) expected {
		client := s.dial()
		s.must(client.SetLinger(0))
		s.must(client.Close())
		return expected{kind: watch.Sent, end: client.LocalAddr().String(), reason: "TCP_STATE", was: tcp.StateEstablished,
			causes: []string{"linger-zero", "health-check", "left-before-accept"}, owner: os.Getpid(), how: watch.AtHand, call: "close", peer: -1}
	},
}

// open begins to watch, or skips with the reason.
func open(t *testing.T, o watch.Options) *watch.Watcher {
	t.Helper()
	w, err := watch.Open(o)
	switch {
	case err != nil && strings.Contains(err.Error(), "verifier"): // that lies in the program
		t.Fatal(err)
	case err != nil && os.Getenv("RESETLAB_STRICT") == "1":
		t.Fatalf("skipping is forbidden: %v", err)
	case err != nil:
		t.Skip(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// rest returns all that has happened up to now.
func rest(t *testing.T, w *watch.Watcher) []watch.Diagnosis {
	t.Helper()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	var all []watch.Diagnosis
	for {
		some, err := w.Next(over)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
	}
}

// What the watcher says of provoked resets is what the calls say that provoked
// them: how many, why, whose, and how much was unread.
func TestProvoked(t *testing.T) {
	w := open(t, watch.Options{Source: watch.SourceEBPF})
	for name, provoke := range provocations {
		t.Run(name, func(t *testing.T) {
			d, want := provoked(t, w, provoke)
			check(t, d, want)
			if _, lost := w.Counts(); lost > 0 {
				t.Errorf("%d events are lost", lost)
			}
		})
	}
}

// The tracepoints as text say less. What they say without a question mark is
// right all the same.
func TestProvokedInTracefs(t *testing.T) {
	for name, provoke := range provocations {
		t.Run(name, func(t *testing.T) {
			d, want := provoked(t, open(t, watch.Options{Source: watch.SourceTracefs}), provoke)
			if d.Kind != want.kind || d.Local.String() != want.end || want.reason != "" && d.Reason != want.reason {
				t.Errorf("got %+v, want %+v", d.Event, want)
			}
			if d.Owner.Sure() && want.owner >= 0 && d.Owner.PID != want.owner {
				t.Errorf("owner: got %v, want %d", d.Owner, want.owner)
			}
			if d.Peer == nil || d.Peer.Owner.Sure() && d.Peer.Owner.PID != want.peer {
				t.Errorf("other end: got %+v, want %d", d.Peer, want.peer)
			}
			if d.Sure() && !slices.Contains(want.causes, d.Cause) {
				t.Errorf("cause: got %s, want one of %v", d.Cause, want.causes)
			}
		})
	}
}

// provoked provokes one reset, and returns what the watcher says of it and what
// it must.
func provoked(t *testing.T, w *watch.Watcher, provoke func(*scene) expected) (watch.Diagnosis, expected) {
	t.Helper()
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	port := netip.MustParseAddrPort(listener.Addr().String()).Port()
	want := provoke(&scene{t, listener})
	var ours []watch.Diagnosis
	for _, d := range rest(t, w) {
		if d.Local.Port() == port || d.Remote.Port() == port {
			ours = append(ours, d)
		}
	}
	if len(ours) != 1 {
		t.Fatalf("got %d resets, want 1: %+v", len(ours), ours)
	}
	return ours[0], want
}

func check(t *testing.T, got watch.Diagnosis, want expected) {
	t.Helper()
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"kind", got.Kind, want.kind},
		{"end", got.Local.String(), want.end},
		{"reason", got.Reason, want.reason},
		{"state", got.Was, want.was},
		{"owner", got.Owner.PID, want.owner},
		{"how", got.Owner.How, want.how},
		{"call", got.Call, want.call},
		{"signal", got.Signal, want.signal},
		{"unread", got.Unread, want.unread},
		{"certain", got.Sure(), want.sure},
	} {
		switch {
		case c.what == "call" && want.call == "": // of a bystander
			continue
		case c.what == "state" && want.was == "", c.what == "reason" && want.reason == "":
			continue
		case want.owner < 0 && (c.what == "owner" || c.what == "how"):
			continue
		}
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.what, c.got, c.want)
		}
	}
	for _, cause := range want.causes {
		if got.Cause != cause && !slices.Contains(got.Or, cause) {
			t.Errorf("cause: got %s or %v, want %s", got.Cause, got.Or, cause)
		}
	}
	switch {
	case got.Peer == nil:
		t.Errorf("the other end is missing")
	case want.peer > 0 && got.Peer.Owner.PID != want.peer:
		t.Errorf("other end: got %v, want process %d", got.Peer.Owner, want.peer)
	case want.peer > 0 && !got.Peer.Owner.Sure():
		t.Errorf("other end: got %v, want to be certain", got.Peer.Owner)
	}
	if t.Failed() {
		t.Logf("%+v\nother end: %+v", got, got.Peer)
	}
}
