package lab_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/program"
)

// script is a recipe of sh(1).
func script(text string) program.Recipe {
	return program.Recipe{
		Name: "script", Package: "dash", Path: "sh", AnyUser: true,
		Command: func(at program.Place) (program.Command, error) {
			path, err := at.Write("text/script", text, 0o600)
			return program.Command{Args: []string{path, at.Address.String()}}, err
		},
	}
}

// run runs a recipe at a host of that name.
func run(t *testing.T, l *lab.Lab, host string, r program.Recipe) *lab.Program {
	t.Helper()
	p, err := l.Host(host).Run(within(t), r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAProgramThatEnds(t *testing.T) {
	l := lab.New()
	p := run(t, l, "client", script("echo out $1; echo err >&2; cat $0 | wc -l; exit 3"))
	status, err := p.Exit(within(t))
	if status != 3 || err != nil {
		t.Errorf("exit status %d, %v, want 3", status, err)
	}
	for _, line := range []string{"out 127.0.0.1:0\n", "err\n"} {
		if !strings.Contains(p.Text(), line) {
			t.Errorf("it said %q, want %q in it", p.Text(), line)
		}
	}
	killed := run(t, l, "client", script("kill -9 $$"))
	if status, err := killed.Exit(within(t)); status != 128+9 || err != nil {
		t.Errorf("exit status %d, %v, want 137", status, err)
	}
	if !slices.Equal(l.Programs(), []*lab.Program{p, killed}) || p.Host() != l.Host("client") {
		t.Errorf("the lab's programs are %v, at %v", l.Programs(), p.Host())
	}
	if ago := time.Since(p.Ended()); ago < 0 || ago > time.Hour {
		t.Errorf("it ended %v ago", ago)
	}
	if err := l.Close(); err != nil { // how they ended was asked for
		t.Error(err)
	}
}

// A program that failed unasked is told of when the lab is closed.
func TestAProgramThatFails(t *testing.T) {
	for text, want := range map[string]string{
		"echo broken; exit 5": "script had ended by itself: exit status 5: broken",
		"exit 0":              "",
		"sleep 1000":          "",
	} {
		l := lab.New()
		p := run(t, l, "server", script(text))
		if strings.Contains(text, "exit") {
			<-p.Exited()
		}
		err := l.Close()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: closing says %v, want %q in it", text, err, want)
		}
	}
}

// What cannot run says so at once.
func TestProgramsThatCannotRun(t *testing.T) {
	l := lab.New()
	defer l.Close()
	for name, test := range map[string]struct {
		recipe      program.Recipe
		want        string
		unavailable bool
	}{
		"missing": {
			program.Recipe{Name: "nothing", Package: "nothing-at-all", Path: "no-such-program"},
			"the program no-such-program is not installed: Debian's package nothing-at-all has it", true,
		},
		"without a program": {program.Recipe{Name: "empty"}, `the recipe "empty" names no program`, false},
		"bad": {program.Recipe{Name: "bad", Path: "sh", Command: func(program.Place) (program.Command, error) {
			return program.Command{}, errors.New("no configuration")
		}}, "bad: no configuration", false},
		"deaf": {program.Recipe{Name: "deaf", Path: "true", Listens: true}, "has ended, and was not ready", false},
	} {
		p, err := l.Host("server").Run(within(t), test.recipe)
		if p != nil || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q in it", name, err, test.want)
		}
		if errors.Is(err, program.ErrUnavailable) != test.unavailable {
			t.Errorf("%s: %v is ErrUnavailable: want %v", name, err, test.unavailable)
		}
	}
	if n := len(l.Programs()); n != 0 {
		t.Errorf("%d programs run", n)
	}
}

// deaf is a recipe of the test binary: see acceptAndClose.
func deaf() program.Recipe {
	return program.Recipe{
		Name: "deaf", Path: "/proc/self/exe", Listens: true,
		Command: func(at program.Place) (program.Command, error) {
			return program.Command{Args: []string{"accept and close", at.Address.String()}}, nil
		},
	}
}

// A program that listens is not ready before it has said what its recipe names.
func TestReadyWhenItSaysSo(t *testing.T) {
	l := lab.New()
	silent := deaf()
	silent.Says = "ready"
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := l.Host("server").Run(ctx, silent)
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "is not ready") {
		t.Errorf("got %v, want that it is not ready", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// A server that says goodbye without having read resets its client if bytes lie
// unread, which is then no matter of chance.
func TestAcceptUnread(t *testing.T) {
	l := lab.New()
	server := run(t, l, "server", deaf())
	var conn *lab.Conn
	err := server.AcceptUnread(within(t), 5, func() (err error) {
		if conn, err = l.Host("client").Dial(within(t), server.Addr()); err != nil {
			return err
		}
		_, err = conn.Write([]byte("hello"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.AwaitReset(within(t)); err != nil {
		t.Error(err)
	}
	conn.Close()
	if at := netip.MustParseAddrPort(server.Addr()); at.Port() == 0 || at.Addr() != l.IP() {
		t.Errorf("it listens at %v", at)
	}
	complaint := errors.New("the client cannot")
	if err := server.AcceptUnread(within(t), 1, func() error { return complaint }); !errors.Is(err, complaint) {
		t.Errorf("the client's error is %v", err)
	}
	if err := server.Pause(within(t)); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil { // also of what is paused
		t.Error(err)
	}
}

// Where the directory of temporary files is its owner's alone a program runs as
// this process's user, who can reach it.
func TestATemporaryDirectoryOfOnesOwn(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	if err := os.Chmod(os.TempDir(), 0o700); err != nil {
		t.Fatal(err)
	}
	l := lab.New()
	p := run(t, l, "client", script("id -u"))
	status, err := p.Exit(within(t))
	if want := fmt.Sprintln(os.Getuid()); status != 0 || err != nil || p.Text() != want {
		t.Errorf("exit status %d, %v, and it said %q, want %q", status, err, p.Text(), want)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
