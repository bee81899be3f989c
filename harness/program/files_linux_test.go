package program_test

import (
	"context"
	"crypto/sha256"
	"io/fs"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/program"
)

// A program finds its own /etc and /run, which are like the machine's but for
// what was asked for, and nobody else does.
func TestFiles(t *testing.T) {
	asRoot(t)
	before := machine(t)
	const look = "stat -c '%a %u %g %F' /etc/passwd /etc/shadow /etc/ssl; find /etc -type f | wc -l"
	want := strings.Join(texts(t, start(t, supervise(t, program.Options{}), shell(look)), false), "\n")
	for _, o := range []program.Options{{}, {SamePIDs: true}} {
		o.Files = map[string]string{"/etc/passwd": "root:x:0:0::/:/bin/sh\n", "/run/own/": ""}
		s := supervise(t, o)
		p := start(t, s, shell(look))
		if got := strings.Join(texts(t, p, false), "\n"); got != want {
			t.Errorf("in %+v the program finds\n%s\nwhere the machine has\n%s", o, got, want)
		}
		theirs, ours, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		c := shell("cat /etc/passwd; ls /run; read ready; cat /etc/passwd /etc/new")
		c.Stdin = theirs
		p = start(t, s, c)
		theirs.Close()
		if _, err := p.AwaitLine(within(t), saying("own")); err != nil {
			t.Fatal(err)
		}
		if err := p.WriteFile("/etc/passwd", "another\n"); err != nil {
			t.Error(err)
		}
		if err := p.WriteFile("/etc/new", "new\n"); err != nil {
			t.Error(err)
		}
		ours.Close() // the end of the input
		const all = "root:x:0:0::/:/bin/sh own another new"
		if got := strings.Join(texts(t, p, false), " "); got != all {
			t.Errorf("in %+v the program finds %q, want %q", o, got, all)
		}
		if err := p.WriteFile("/etc/new", "late\n"); err == nil || !strings.Contains(err.Error(), "it has ended") {
			t.Errorf("writing a file of a program that has ended: %v", err)
		}
	}
	if !maps.Equal(before, machine(t)) {
		t.Error("the machine's /etc or /run, or its mounts, are others than before")
	}
}

func TestBadFiles(t *testing.T) {
	for name, text := range map[string]string{
		"etc/passwd": "", "/etc": "", "/etc/": "", "/etc/../root/x": "", "/usr/bin/x": "", "/etc//x": "", "": "",
		"/run/x/": "text", "/etc/x": strings.Repeat("x", 64<<10),
	} {
		s, err := program.Supervise(within(t), program.Options{Files: map[string]string{name: text}})
		if err == nil {
			s.Close()
			t.Errorf("a file %q is taken", name)
		} else if !strings.Contains(err.Error(), "file") {
			t.Errorf("a file %q: %v", name, err)
		}
	}
	p := start(t, supervise(t, program.Options{}), shell("sleep 1000"))
	if err := p.WriteFile("/etc/x", ""); err == nil || !strings.Contains(err.Error(), "no files of its own") {
		t.Errorf("writing a file of a program that has none of its own: %v", err)
	}
}

// asRoot skips a test that takes files below /etc.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("run as root: a private /etc takes that")
	}
}

// machine tells what the machine has in /etc and /run and where it has mounts.
func machine(t *testing.T) map[string][sha256.Size]byte {
	t.Helper()
	found := map[string][sha256.Size]byte{}
	for _, top := range []string{"/etc", "/run"} {
		filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
			var text []byte
			if err == nil && entry.Type().IsRegular() && top == "/etc" {
				text, _ = os.ReadFile(path)
			}
			found[path] = sha256.Sum256(text)
			return nil
		})
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	found["mounts"] = sha256.Sum256(mounts)
	return found
}

// A program that is paused accepts nothing, and what comes meanwhile lies unread.
func TestPause(t *testing.T) {
	s := supervise(t, program.Options{})
	p := start(t, s, program.Command{Args: []string{"/proc/self/exe", "listen", "127.0.0.1"}})
	line, err := p.AwaitLine(within(t), func(program.Line) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddrPort("127.0.0.1:" + line.Text)
	if err := p.AwaitListening(within(t), at); err != nil {
		t.Fatal(err)
	}
	if err := p.Pause(within(t)); err != nil {
		t.Fatal(err)
	}
	send(t, at, "hello")
	if err := p.AwaitUnaccepted(within(t), at, 5); err != nil {
		t.Error(err)
	}
	unready(t, func(ctx context.Context) error { return p.AwaitUnaccepted(ctx, at, 6) })
	if err := p.Resume(); err != nil {
		t.Error(err)
	}
	if _, err := p.Stop(0); err != nil {
		t.Error(err)
	}
	if err := p.Pause(within(t)); err == nil {
		t.Error("a program that has ended is paused")
	}
}

// send connects, and says something.
func send(t *testing.T, to netip.AddrPort, text string) {
	t.Helper()
	conn, err := net.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := conn.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}
