package program_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/program"
)

// within is the context of a test: what hangs is ended by it.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// supervise returns a supervisor that must close without complaint.
func supervise(t testing.TB, o program.Options) *program.Supervisor {
	t.Helper()
	s, err := program.Supervise(within(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(s.Dir()); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the directory %s: %v, want it gone", s.Dir(), err)
		}
	})
	return s
}

// start starts a program.
func start(t testing.TB, s *program.Supervisor, c program.Command) *program.Program {
	t.Helper()
	p, err := s.Start(within(t), c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// shell is a command of sh(1).
func shell(script string, args ...string) program.Command {
	return program.Command{Args: append([]string{"sh", "-c", script, "sh"}, args...)}
}

// texts are the lines of one of a program's outputs, when that has ended.
func texts(t testing.TB, p *program.Program, stderr bool) (list []string) {
	t.Helper()
	<-p.Drained()
	kept, _ := p.Lines()
	for _, line := range kept {
		if line.Stderr == stderr {
			list = append(list, line.Text)
		}
	}
	return list
}

func said(t testing.TB, p *program.Program) string {
	t.Helper()
	return strings.Join(texts(t, p, false), "|")
}

// saying is an AwaitLine's match.
func saying(text string) func(program.Line) bool {
	return func(l program.Line) bool { return strings.Contains(l.Text, text) }
}

func TestAProgramGetsWhatItIsGiven(t *testing.T) {
	s := supervise(t, program.Options{})
	stdin, file := fileOf(t, "from stdin\n"), fileOf(t, "from 3\n")
	c := shell(`cat; cat <&3; echo "$1"; echo "$GREETING"; pwd; echo oops >&2; echo -n unended; exit 7`, "an argument")
	c.Stdin, c.Files, c.Env = stdin, []*os.File{file}, []string{"GREETING=bye", "GREETING=hello", "PATH=" + os.Getenv("PATH")}
	before := time.Now()
	p := start(t, s, c)
	var exit *program.ExitError
	if err := p.Err(); !errors.As(err, &exit) || exit.Code != 7 || err.Error() != "exit status 7" {
		t.Errorf("it ended with %v, want exit status 7", err)
	}
	if got, want := said(t, p), "from stdin|from 3|an argument|hello|"+s.Dir()+"|unended"; got != want {
		t.Errorf("it said %q, want %q", got, want)
	}
	if got := texts(t, p, true); len(got) != 1 || got[0] != "oops" {
		t.Errorf("it complained %q, want oops", got)
	}
	kept, _ := p.Lines()
	for i, line := range kept {
		if line.At.Before(before) || line.At.After(time.Now()) || line.Cut {
			t.Errorf("line %d is of %v, cut %v", i, line.At, line.Cut)
		}
	}
}

// fileOf is a file with some text.
func fileOf(t testing.TB, text string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

// A writer of the caller's gets all of the output, and one that fails ends who
// goes on writing.
func TestOutputGoesToAWriter(t *testing.T) {
	s := supervise(t, program.Options{})
	var all bytes.Buffer
	c := shell("seq 20000")
	c.Stdout = &all
	p := start(t, s, c)
	<-p.Drained()
	if lines := strings.Count(all.String(), "\n"); lines != 20000 {
		t.Errorf("%d lines came, want 20000", lines)
	}
	c = program.Command{Args: []string{"yes"}, Stdout: unwilling{}}
	var exit *program.ExitError
	if err := start(t, s, c).Err(); !errors.As(err, &exit) || exit.Signal != syscall.SIGPIPE {
		t.Errorf("who writes to nobody ended with %v, want SIGPIPE", err)
	}
}

type unwilling struct{}

func (unwilling) Write([]byte) (int, error) { return 0, errors.New("no more") }

func TestBadCommands(t *testing.T) {
	s := supervise(t, program.Options{})
	for _, c := range []struct {
		program.Command
		want string
	}{
		{program.Command{}, "no program is given"},
		{program.Command{Args: []string{""}}, "no program is given"},
		{program.Command{Args: []string{"true"}, Files: []*os.File{nil}}, "a file to hand over is nil"},
		{program.Command{Args: []string{"no-such-program"}}, "executable file not found"},
		{program.Command{Args: []string{"true"}, Dir: "/no/such/directory"}, "no such file or directory"},
		{program.Command{Args: []string{"/etc"}}, "is a directory"},
		{program.Command{Args: []string{"true"}, Dir: "/etc/passwd"}, "not a directory"},
	} {
		if _, err := s.Start(within(t), c.Command); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q in it", c.Args, err, c.want)
		}
	}
	_, err := s.Start(within(t), program.Command{Args: []string{"true"}, Dir: "/no/such/directory"})
	if !errors.Is(err, syscall.ENOENT) {
		t.Errorf("%v is not ENOENT", err)
	}
}

func TestWithoutADirectory(t *testing.T) {
	t.Setenv("TMPDIR", "/no/such/directory")
	if _, err := program.Supervise(within(t), program.Options{}); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("got %v, want ENOENT", err)
	}
	s, err := program.Supervise(within(t), program.Options{NoDir: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Start(within(t), program.Command{Args: []string{"pwd"}})
	if err == nil || !strings.Contains(err.Error(), "no private directory") {
		t.Errorf("got %v, want that there is no private directory", err)
	}
	if got := said(t, start(t, s, program.Command{Args: []string{"pwd"}, Dir: "/etc"})); got != "/etc" || s.Dir() != "" {
		t.Errorf("it started in %s, and the private directory is %q", got, s.Dir())
	}
}

// A program can start where this process is, also if no path leads there.
func TestWhereThisProcessIs(t *testing.T) {
	parent := filepath.Join(t.TempDir(), "parent")
	here := filepath.Join(parent, "here")
	if err := os.MkdirAll(here, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(here)
	if err := os.Remove(here); err != nil {
		t.Fatal(err)
	}
	s := supervise(t, program.Options{})
	c := shell("readlink /proc/self/cwd")
	c.Dir = "."
	if got := said(t, start(t, s, c)); got != here+" (deleted)" {
		t.Errorf("it started in %s, want %s", got, here)
	}
}

// A program whose arguments do not fit into a message.
func TestLongArguments(t *testing.T) {
	s := supervise(t, program.Options{})
	long := strings.Repeat("x", 100_000)
	p := start(t, s, shell(`for a; do echo ${#a}; done`, long, long, long))
	if got := said(t, p); got != "100000|100000|100000" {
		t.Errorf("it got arguments of %s bytes", got)
	}
}

// Programs find themselves in /proc, and two that run at the same time have
// different process ids.
func TestProcessIDs(t *testing.T) {
	const script = `readlink /proc/self/ns/pid; echo $$; cut -d' ' -f1 /proc/$$/stat; cat /proc/$$/comm; exec sleep 1000`
	seen := map[string]bool{}
	for range 4 {
		p := start(t, supervise(t, program.Options{}), shell(script))
		if _, err := p.AwaitLine(within(t), func(l program.Line) bool { return l.Text == "sh" }); err != nil {
			t.Fatal(err)
		}
		kept, _ := p.Lines()
		if kept[1].Text != kept[2].Text || kept[1].Text == "1" || seen[kept[1].Text] {
			t.Errorf("$$ is %s, in /proc %s, seen %v", kept[1].Text, kept[2].Text, seen)
		}
		seen[kept[1].Text] = true
		checkWay(t, kept[0].Text)
	}
	p := start(t, supervise(t, program.Options{SamePIDs: true}), shell(script))
	if _, err := p.AwaitLine(within(t), func(l program.Line) bool { return l.Text == strconv.Itoa(p.PID()) }); err != nil {
		t.Errorf("the program's own number is not %d: %v", p.PID(), err)
	}
}

// expectVariable says which way the children of this test are to be kept
// together: "init" or "reaper".
const expectVariable = "PROGRAM_TEST_EXPECT"

func checkWay(t *testing.T, namespace string) {
	t.Helper()
	own, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	way := "init"
	if own == namespace {
		way = "reaper"
	}
	if want := os.Getenv(expectVariable); want != "" && way != want {
		t.Errorf("the supervisor is of the sort %s, want %s", way, want)
	}
}

func TestAsAnotherUser(t *testing.T) {
	const stranger = 40123
	s, err := program.Supervise(within(t), program.Options{User: stranger})
	if os.Geteuid() != 0 && !errors.Is(err, syscall.EPERM) {
		t.Errorf("got %v, want EPERM", err)
	}
	if errors.Is(err, program.ErrUnavailable) && strings.Contains(err.Error(), "run as root") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := start(t, s, shell("id -u; id -g; id -G; touch mine; stat -c %u mine"))
	if got := said(t, p); got != "40123|40123|40123|40123" {
		t.Errorf("its user, group, groups and file's owner are %s", got)
	}
}

// The program has the user and the rights that this process has, and no
// capability of the user namespace that it is in.
func TestAsTheSameUser(t *testing.T) {
	const script = "id -u; id -g; grep -E 'Cap(Inh|Prm|Eff|Amb)' /proc/self/status"
	bare, err := exec.Command("sh", "-c", script).Output()
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, supervise(t, program.Options{}), shell(script))
	got := said(t, p)
	want := strings.ReplaceAll(strings.TrimSpace(string(bare)), "\n", "|")
	if os.Geteuid() != 0 && got != want { // root of a user namespace has more there than outside
		t.Errorf("it is %s, want %s", got, want)
	}
}
