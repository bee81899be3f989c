package watch_test

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
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
	if role == "dials" {
		dialEach(os.Stdin, os.Stdout)
		os.Exit(0)
	}
	if role == "drops" || role == "drops older" {
		if err := dropThenWatch(role == "drops older"); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	if what, opens := strings.CutPrefix(role, "opens "); opens {
		if err := openWatcher(what); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
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
	user     uint32 // as whom children run; 0 is the one of this process
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
	c = exec.Command("/proc/self/exe", "-test.run=^$") // others may not enter its directory
	c.Env = append(os.Environ(), roleVariable+"="+role)
	c.ExtraFiles, c.Stderr = []*os.File{file}, os.Stderr
	if s.user != 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: s.user, Gid: s.user}}
	}
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

func control(s *scene, socket syscall.Conn, do func(fd int) error) {
	s.Helper()
	raw, err := socket.SyscallConn()
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
