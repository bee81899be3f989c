package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/resetlab/resetlab/harness/program"
)

// nobody is the user and the group that a server runs as when root starts it.
const nobody = 65534

// A Missing is a program that is not installed.
type Missing struct{ Program, Package string }

// Error names the program and the package of Debian that has it.
func (m Missing) Error() string {
	return fmt.Sprintf("%s is not installed (Debian's package %s)", m.Program, m.Package)
}

// A Daemon is a server that runs, in a private directory.
type Daemon struct {
	Address    string // host:port of its listener
	dir        string
	supervisor *program.Supervisor
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
func newDaemon(ctx context.Context) (*Daemon, error) {
	var o program.Options
	if os.Geteuid() == 0 {
		o.User = nobody
	}
	supervisor, err := program.Supervise(ctx, o)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("port of a server: %w", err), supervisor.Close())
	}
	defer listener.Close()
	return &Daemon{listener.Addr().String(), supervisor.Dir(), supervisor}, nil
}

func (d *Daemon) port() string {
	_, port, _ := strings.Cut(d.Address, ":")
	return port
}

// execute starts a program in the directory, without privileges.
func (d *Daemon) execute(ctx context.Context, path string, args ...string) (*program.Program, error) {
	return d.supervisor.Start(ctx, program.Command{
		Args: append([]string{path}, args...),
		Env:  []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"},
	})
}

// run runs a program that prepares the directory.
func (d *Daemon) run(ctx context.Context, path string, args ...string) error {
	p, err := d.execute(ctx, path, args...)
	if err != nil {
		return err
	}
	select {
	case <-p.Exited():
		err = p.Err()
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if _, stopErr := p.Stop(0); stopErr != nil {
		err = errors.Join(err, stopErr)
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(path), err, output(p))
	}
	return nil
}

// start starts the server and waits until it is ready.
func (d *Daemon) start(ctx context.Context, ready func(context.Context) error, path string, args ...string) error {
	p, err := d.execute(ctx, path, args...)
	if err != nil {
		return err
	}
	if err := p.AwaitListening(ctx, netip.MustParseAddrPort(d.Address)); err != nil {
		return fmt.Errorf("%w\n%s", err, output(p))
	}
	for { // it may still have to recover what it has on disk
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select { // a server of another's making tells nobody when it has
		case <-time.After(20 * time.Millisecond):
		case <-p.Exited():
			return fmt.Errorf("%s ended: %w\n%s", filepath.Base(path), err, output(p))
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", filepath.Base(path), errors.Join(err, ctx.Err()), output(p))
		}
	}
}

// output is what a program said, for the error if it fails.
func output(p *program.Program) string {
	var all strings.Builder
	kept, _ := p.Lines()
	for _, line := range kept {
		fmt.Fprintln(&all, line.Text)
	}
	return all.String()
}

// Close ends the server and all of its processes, and removes the directory.
// Nothing that it keeps is of use.
func (d *Daemon) Close() error { return d.supervisor.Close() }
