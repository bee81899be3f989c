package lab_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/resetlab/resetlab/harness/lab"
)

// processes are what the test binary can be started as.
var processes = map[string]lab.ProcessFunc{
	"echo": lab.HandlerProcess(echo),
	"fails": func(context.Context, *lab.Listener, func(lab.Outcome)) error {
		return errors.New("out of order")
	},
	"descriptors": func(ctx context.Context, _ *lab.Listener, report func(lab.Outcome)) error {
		var limit syscall.Rlimit
		err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
		report(lab.Outcome{Sent: int64(limit.Cur)})
		<-ctx.Done()
		return err
	},
	// daemons leaves one behind that listens, in a session of its own and without
	// its environment.
	"daemons": func(ctx context.Context, listener *lab.Listener, report func(lab.Outcome)) error {
		socket, err := listener.TCP().File()
		if err != nil {
			return err
		}
		daemon := exec.Command("sh", "-c", "trap '' TERM; setsid env -i sleep 1000 & exit")
		daemon.ExtraFiles = []*os.File{socket}
		err = daemon.Run()
		report(lab.Outcome{})
		<-ctx.Done()
		return err
	},
	// parent starts a child of its own and reports where that listens.
	"parent": func(ctx context.Context, _ *lab.Listener, report func(lab.Outcome)) error {
		child, err := lab.New().Host("child").Start(ctx, "echo", lab.Limits{})
		if err != nil {
			return err
		}
		report(lab.Outcome{Local: child.Addr()})
		<-ctx.Done()
		return child.Close()
	},
}

// start starts a process that the lab closes.
func start(t *testing.T, l *lab.Lab, name string, limits lab.Limits) *lab.Process {
	t.Helper()
	process, err := l.Host("server").Start(within(t), name, limits)
	if err != nil {
		t.Fatal(err)
	}
	return process
}

// call connects to address, and gets an answer.
func call(t *testing.T, l *lab.Lab, address string) *lab.Conn {
	t.Helper()
	c, err := l.Host("client").Dial(within(t), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	ask(t, c, "abc")
	return c
}

func TestProcessReports(t *testing.T) {
	l := newLab(t)
	server := start(t, l, "echo", lab.Limits{})
	c := call(t, l, server.Addr())
	c.Close()

	saw := <-server.Outcomes()

	if saw.First() != "read: finished" || saw.Host != "server" || saw.Remote != c.Outcome().Local {
		t.Errorf("the process says %v of %s, want read: finished of %s", saw, saw.Remote, c.Outcome().Local)
	}
	if saw.Received != 3 || saw.Sent != 3 || len(saw.Calls) != 5 {
		t.Errorf("the process says %v, want 3 bytes each way in 5 calls", saw)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if _, more := <-server.Outcomes(); more {
		t.Error("there are outcomes after Close")
	}
	if err := syscall.Kill(server.PID(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d after Close: %v, want ESRCH", server.PID(), err)
	}
}

func TestProcessIsClosedWithItsConnections(t *testing.T) {
	l := newLab(t)
	server := start(t, l, "echo", lab.Limits{})
	c := call(t, l, server.Addr())

	if err := server.Close(); err != nil {
		t.Error(err)
	}

	if saw := <-server.Outcomes(); saw.First() != "read: gave-up" {
		t.Errorf("the process says %v, want read: gave-up", saw)
	}
	read(c)
	if saw := c.Outcome(); saw.First() != "read: finished" {
		t.Errorf("the client saw %v, want read: finished", saw)
	}
}

// TestProcessIsKilled shows that the kernel closes a dead process's sockets
// like any other: with a FIN, or with a RST where bytes are unread.
func TestProcessIsKilled(t *testing.T) {
	l := newLab(t)
	server := start(t, l, "echo", lab.Limits{})
	c := call(t, l, server.Addr())

	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}

	read(c)
	if saw := c.Outcome(); saw.First() != "read: finished" {
		t.Errorf("the client saw %v, want read: finished", saw)
	}
	if err := errors.Join(server.Kill(), server.Close()); err != nil {
		t.Errorf("killed once more and closed: %v, want nothing", err)
	}
	if _, more := <-server.Outcomes(); more {
		t.Error("a process that was killed reported its connection")
	}
}

func TestProcessFails(t *testing.T) {
	l := lab.New()
	server := start(t, l, "fails", lab.Limits{})
	err := server.Close()
	for _, part := range []string{"process fails", "exit status 1", "out of order"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("Close() = %v, want it to have %q", err, part)
		}
	}
	if err := l.Close(); err == nil {
		t.Error("the lab closed without a complaint")
	}
}

func TestProcessUnknown(t *testing.T) {
	_, err := newLab(t).Host("server").Start(within(t), "nobody", lab.Limits{})
	if err == nil || !strings.Contains(err.Error(), `no server is called "nobody"`) {
		t.Errorf("Start = %v, want an error that names it", err)
	}
}

func TestProcessLimits(t *testing.T) {
	server := start(t, newLab(t), "descriptors", lab.Limits{Descriptors: 32})
	if saw := <-server.Outcomes(); saw.Sent != 32 {
		t.Errorf("RLIMIT_NOFILE is %d, want 32", saw.Sent)
	}
}

// A daemon that flees ends with the process that has started it.
func TestProcessLeavesNoDaemon(t *testing.T) {
	l := newLab(t)
	server := start(t, l, "daemons", lab.Limits{})
	<-server.Outcomes()
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	c, err := l.Host("client").Dial(within(t), server.Addr())
	if err != nil {
		t.Fatalf("no daemon listens: %v: this proves nothing", err)
	}
	c.Close()

	if err := server.Close(); err != nil {
		t.Error(err)
	}

	_, err = l.Host("client").Dial(within(t), server.Addr())
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v, want ECONNREFUSED", err)
	}
}

// A process runs as a stranger also where that may neither enter the working
// directory nor the one for temporary files.
func TestProcessOfAStranger(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("run as root: it takes that to become another user")
	}
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", closed)
	t.Chdir(closed)
	l := newLab(t)
	server, err := l.Host("server").Start(within(t), "echo", lab.Limits{User: 40123})
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) {
		t.Skipf("this root may not change its user: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	call(t, l, server.Addr()).Close()
	<-server.Outcomes()
}

// TestProcessEndsWithItsParent kills a process that has a child.
func TestProcessEndsWithItsParent(t *testing.T) {
	l := newLab(t)
	parent := start(t, l, "parent", lab.Limits{})
	child := (<-parent.Outcomes()).Local
	c := call(t, l, child)

	if err := parent.Kill(); err != nil {
		t.Fatal(err)
	}

	read(c) // returns when the child has ended its connections
	if saw := c.Outcome(); saw.First() != "read: finished" {
		t.Errorf("the child's client saw %v, want read: finished", saw)
	}
}
