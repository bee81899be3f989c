package run

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
)

// variable tells a re-executed binary that it owns a socket, and nothing else.
const variable = "RESETLAB_SCRIPT_OWNER"

// The hook by which a binary that imports this package executes itself again as
// the owner of a socket: it waits for the end of its parent.
func init() {
	if _, asked := os.LookupEnv(variable); !asked {
		return
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed, or its parent has ended
	syscall.Exit(0)
}

// An owner is a process that owns a socket.
type owner struct {
	*exec.Cmd
	life *os.File // the process ends when this is closed
}

// startOwner starts a process that owns a socket. The descriptor is taken over.
func startOwner(fd int) (*owner, error) {
	socket := os.NewFile(uintptr(fd), "socket")
	defer socket.Close()
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	o := &owner{exec.Command("/proc/self/exe"), ours}
	o.Args = []string{"resetlab-owner"} // as ps(1) calls it
	o.Env = append(os.Environ(), variable+"=1")
	o.Stdin = theirs
	o.ExtraFiles = []*os.File{socket}
	o.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := o.Start(); err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	return o, nil
}

// kill kills the process, and returns when it is gone with all that it had.
func (o *owner) kill() error {
	err := o.Process.Kill()
	_ = o.Wait() // it says that the process was killed
	return errors.Join(err, o.life.Close())
}
