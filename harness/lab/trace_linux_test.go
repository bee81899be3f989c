package lab_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/program"
)

// talker is bash, which connects, has a child write and read, and closes; its
// sockets that are none of TCP's are not told of.
func talker(address string) program.Recipe {
	host, port, _ := strings.Cut(address, ":")
	text := fmt.Sprintf("exec 3<>/dev/tcp/%s/%s; (echo hi >&3; exec 4<&3; read x <&4); exec 3>&-", host, port)
	return program.Recipe{
		Name: "talker", Package: "bash", Path: "bash", AnyUser: true,
		Command: func(program.Place) (program.Command, error) {
			return program.Command{Args: []string{"-c", text}}, nil
		},
	}
}

// What a program that is traced calls is in the journal when it is closed, as if
// it were this process's.
func TestTrace(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace, which traces, is not there: apt-get install strace")
	}
	l := lab.New()
	server, err := lab.Serve(l.Host("server"), func(_ context.Context, c *lab.Conn) {
		c.Read(make([]byte, 3))
		c.Abort()
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Own(server)
	p, err := l.Host("client").Trace(within(t), talker(server.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Traced(); err == nil {
		t.Error("its calls are said to be known before it is closed")
	}
	if _, err := p.Exit(within(t)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if lost, err := p.Traced(); len(lost) > 0 || err != nil {
		t.Errorf("lost: %q, %v", lost, err)
	}
	at := slices.IndexFunc(l.Journal().Outcomes(), func(o lab.Outcome) bool { return o.Host == "client" })
	if at < 0 {
		t.Fatalf("the journal has no outcome of the program: %v", l.Journal().Outcomes())
	}
	saw := l.Journal().Outcomes()[at]
	if saw.Remote != server.Addr() || saw.First() != "read: reset" || saw.Error != "ECONNRESET" || saw.Sent != 3 {
		t.Errorf("it saw %v, want that it wrote 3 bytes to %s and then read ECONNRESET", saw, server.Addr())
	}
	closes := 0
	for _, call := range saw.Calls {
		if call.Op.Closes() {
			closes++
		}
	}
	if last := saw.Calls[len(saw.Calls)-1]; closes != 1 || last.Op != lab.CloseOp {
		t.Errorf("it closed %d times, want once, at the end: %v", closes, saw)
	}
}

// Without strace a program runs all the same, and its calls are said to be
// unknown.
func TestTraceWithoutStrace(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("bash, which is run, is not there: apt-get install bash")
	}
	only := t.TempDir()
	if err := os.Symlink(bash, filepath.Join(only, "bash")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", only)
	l := lab.New()
	recipe := talker("")
	recipe.AnyUser = false // others may not enter the directory
	recipe.Command = func(program.Place) (program.Command, error) {
		return program.Command{Args: []string{"-c", "echo ran"}}, nil
	}
	p, err := l.Host("client").Trace(within(t), recipe)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Exit(within(t)); err != nil || p.Text() != "ran\n" {
		t.Errorf("it said %q, %v", p.Text(), err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := p.Traced(); err == nil || !strings.Contains(err.Error(), "not installed") {
		t.Errorf("its calls: %v, want that strace is not installed", err)
	}
}
