package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// nobody is the user and the group that a server runs as when root starts it.
const nobody = 65534

// A Missing is a program that is not installed.
type Missing struct{ Program, Package string }

// Error names the program and the package of Debian that has it.
func (m Missing) Error() string {
	return fmt.Sprintf("%s is not installed (Debian's package %s)", m.Program, m.Package)
}

// A Daemon is a server that runs.
type Daemon struct {
	Address string // host:port of its listener
	dir     string
	process *exec.Cmd
	output  *output
	exited  chan struct{}
}

// output keeps what a server says, for the error if it does not start.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// find returns the path of a program in the PATH or where Debian puts it.
func find(program, pkg string, places ...string) (string, error) {
	if path, err := exec.LookPath(program); err == nil && len(places) == 0 {
		return path, nil
	}
	for _, place := range append(places, "/usr/sbin") {
		found, err := filepath.Glob(filepath.Join(place, program))
		if err == nil && len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return "", Missing{program, pkg}
}

// newDaemon makes the private directory and chooses the port.
func newDaemon() (*Daemon, error) {
	dir, err := os.MkdirTemp("", "resetlab-audits-")
	if err != nil {
		return nil, fmt.Errorf("directory of a server: %w", err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			return nil, fmt.Errorf("directory of a server: %w", err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("port of a server: %w", err)
	}
	defer listener.Close()
	return &Daemon{Address: listener.Addr().String(), dir: dir, output: &output{}}, nil
}

func (d *Daemon) port() string {
	_, port, _ := strings.Cut(d.Address, ":")
	return port
}

// command prepares a program to run in the directory, without privileges and
// in a process group of its own.
func (d *Daemon) command(ctx context.Context, path string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, path, args...)
	c.Dir, c.Stdout, c.Stderr = d.dir, d.output, d.output
	c.Env = []string{"HOME=" + d.dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TMPDIR=" + d.dir}
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() == 0 {
		c.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return c
}

// run runs a program that prepares the directory.
func (d *Daemon) run(ctx context.Context, path string, args ...string) error {
	if err := d.command(ctx, path, args...).Run(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(path), err, d.output)
	}
	return nil
}

// start starts the server and waits until it is ready.
func (d *Daemon) start(ctx context.Context, ready func(context.Context) error, path string, args ...string) error {
	d.process = d.command(context.WithoutCancel(ctx), path, args...)
	if err := d.process.Start(); err != nil {
		d.process = nil
		return fmt.Errorf("start %s: %w", filepath.Base(path), err)
	}
	d.exited = make(chan struct{})
	go func() {
		d.process.Wait() // how it ended shows in its output
		close(d.exited)
	}()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select { // a server of another's making tells nobody when it is ready
		case <-time.After(20 * time.Millisecond):
		case <-d.exited:
			return fmt.Errorf("%s ended: %w\n%s", filepath.Base(path), err, d.output)
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", filepath.Base(path), errors.Join(err, ctx.Err()), d.output)
		}
	}
}

// Close ends the server and all of its processes, and removes the directory.
func (d *Daemon) Close() error {
	if d.process != nil {
		syscall.Kill(-d.process.Process.Pid, syscall.SIGKILL) // nothing it keeps is of use
		<-d.exited
	}
	return os.RemoveAll(d.dir)
}
