package daemon_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/resetlab/resetlab/audits/daemon"
)

// servers are those of Debian's packages.
var servers = map[string]func(context.Context) (server, error){
	"redis":    func(ctx context.Context) (server, error) { return daemon.StartRedis(ctx) },
	"postgres": func(ctx context.Context) (server, error) { return daemon.StartPostgres(ctx) },
	"mariadb":  func(ctx context.Context) (server, error) { return daemon.StartMariaDB(ctx) },
}

type server interface {
	Addr() string
	Close() error
}

// The test binary is also the parent that is killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "serve" {
		s, err := servers[os.Args[2]](context.Background())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(s.Addr())
		select {}
	}
	os.Exit(m.Run())
}

func start(t *testing.T, name string) server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	s, err := servers[name](ctx)
	if missing := (daemon.Missing{}); errors.As(err, &missing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// gone fails the test if something of a server is left.
func gone(t *testing.T, address, temporary string) {
	t.Helper()
	if c, err := net.Dial("tcp", address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial: %v, want ECONNREFUSED", err)
		if err == nil {
			c.Close()
		}
	}
	left, err := os.ReadDir(temporary)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("%s is left", entry.Name())
	}
}

// temporary is a directory in which anybody may make others, as a server does
// that root starts as nobody.
func temporary(t *testing.T) string {
	t.Helper()
	directory, err := os.MkdirTemp("", "daemon-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	if err := os.Chmod(directory, 0o777); err != nil {
		t.Fatal(err)
	}
	return directory
}

func TestServersLeaveNothing(t *testing.T) {
	for name := range servers {
		t.Run(name, func(t *testing.T) {
			directory := temporary(t)
			t.Setenv("TMPDIR", directory)
			s := start(t, name)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			gone(t, s.Addr(), directory)
		})
	}
}

// A server ends with its parent, when that is killed.
func TestServersOfAKilledParent(t *testing.T) {
	for name := range servers {
		t.Run(name, func(t *testing.T) {
			if err := start(t, name).Close(); err != nil { // or skip
				t.Fatal(err)
			}
			directory := temporary(t)
			alive, held, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer alive.Close()
			parent := exec.Command("/proc/self/exe", "serve", name)
			parent.Env = append(os.Environ(), "TMPDIR="+directory)
			parent.ExtraFiles = []*os.File{6: held} // its children have it, too
			stdout, err := parent.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := parent.Start(); err != nil {
				t.Fatal(err)
			}
			held.Close()
			address := bufio.NewScanner(stdout)
			if !address.Scan() {
				t.Error("it did not start")
			}
			parent.Process.Kill()
			parent.Wait() // killed
			alive.SetReadDeadline(time.Now().Add(30 * time.Second))
			if _, err := io.ReadAll(alive); err != nil {
				t.Errorf("something is left: %v", err)
			}
			gone(t, address.Text(), directory)
		})
	}
}
