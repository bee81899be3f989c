package program_test

import (
	"os"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/program"
)

// A program keeps its temporary files, and what it keeps for its user, in its
// private directory, which its user may write whoever that is, and goes with it.
func TestWhereAProgramMayWrite(t *testing.T) {
	passable, err := os.MkdirTemp("", "passable-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(passable) })
	if err := os.Chmod(passable, 0o711); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"TMPDIR", "HOME", "XDG_CACHE_HOME"} {
		t.Setenv(name, passable)
	}
	const write = `dirname "$(mktemp)" && >"$HOME/file" && echo "$HOME" "$XDG_CACHE_HOME"`
	path := "PATH=" + os.Getenv("PATH")
	for _, test := range []struct {
		name string
		user uint32
		env  []string
		want string // DIR is the private directory
	}{
		{"this process's environment", 0, nil, "DIR|DIR "},
		{"as another user", 65534, nil, "DIR|DIR "},
		{"an environment of its own", 65534, []string{path}, "DIR|DIR "},
		{"one that names them", 0, []string{path, "TMPDIR=" + passable, "HOME=" + passable}, passable + "|" + passable + " "},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.user != 0 && os.Geteuid() != 0 {
				t.Skip("run as root: only root can run programs as others")
			}
			s := supervise(t, program.Options{User: test.user})
			c := shell(write)
			c.Env = test.env
			p := start(t, s, c)
			want := strings.ReplaceAll(test.want, "DIR", s.Dir())
			if got := said(t, p); got != want {
				t.Errorf("it said %q, want %q, and complained %q", got, want, texts(t, p, true))
			}
		})
	}
}

// Without a private directory the environment is this process's.
func TestTheEnvironmentWithoutADirectory(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/cache")
	s := supervise(t, program.Options{NoDir: true})
	p := start(t, s, program.Command{Args: []string{"sh", "-c", `echo "$TMPDIR $HOME $XDG_CACHE_HOME"`}, Dir: "/"})
	want := os.Getenv("TMPDIR") + " " + os.Getenv("HOME") + " /cache"
	if got := said(t, p); got != want {
		t.Errorf("it has %q, want %q", got, want)
	}
}
