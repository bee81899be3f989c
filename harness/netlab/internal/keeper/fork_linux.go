package keeper

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/program"
)

// Fork executes the running binary again in a namespace, as program.Fork does,
// with the descriptor that is handed over, and opens a pidfd of it.
type Fork struct {
	Name  string
	Env   []string
	Flags uintptr
}

func (a Fork) exchange(_ *namespace, fd int) (pidfd int, err error) {
	control, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("fcntl", err)
	}
	file := os.NewFile(uintptr(control), "control")
	defer file.Close()
	process, err := program.Fork(a.Name, a.Env, a.Flags, file)
	if err != nil {
		return -1, err
	}
	pidfd, err = unix.PidfdOpen(process.Pid, 0)
	if err != nil {
		process.Kill()
		process.Wait() // killed
		return -1, os.NewSyscallError("pidfd_open", err)
	}
	go process.Wait() // how it ends is told by itself
	return pidfd, nil
}

// Fork executes the running binary again on a host, as program.Namespace has it.
func (p *Process) Fork(host, name string, env []string, flags uintptr, control *os.File) (wait func(), err error) {
	if err := p.mapUser(); err != nil {
		return nil, fmt.Errorf("%s: %w", host, err)
	}
	_, pidfd, err := p.exchange(host, Fork{name, env, flags}, int(control.Fd()))
	if err != nil {
		return nil, err
	}
	return func() {
		defer unix.Close(pidfd)
		for ended := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}; ; {
			if _, err := unix.Poll(ended, -1); err != unix.EINTR {
				return
			}
		}
	}, nil
}

// mapUser gives the user of this process a number in the keeper's user
// namespace, if that has one of its own: without it nobody there can make a
// file (user_namespaces(7)).
func (p *Process) mapUser() error {
	p.mapping.Lock()
	defer p.mapping.Unlock()
	if !p.unmapped {
		return nil
	}
	directory := fmt.Sprintf("/proc/%d/", p.ID())
	write := func(file string, id int) error {
		return os.WriteFile(directory+file, fmt.Appendf(nil, "%d %d 1", id, id), 0)
	}
	err := os.WriteFile(directory+"setgroups", []byte("deny"), 0)
	if errors.Is(err, fs.ErrNotExist) { // a kernel before 3.19
		err = nil
	}
	err = errors.Join(err, write("uid_map", os.Geteuid()), write("gid_map", os.Getegid()))
	p.unmapped = err != nil
	return err
}
