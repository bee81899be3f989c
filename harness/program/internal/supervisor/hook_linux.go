package supervisor

import (
	"encoding/json"
	"errors"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// The hook by which a binary that imports this package executes itself again
// as a supervisor.
func init() {
	text, asked := os.LookupEnv(Variable)
	if !asked {
		return
	}
	// Not os.Exit: the race detector would wait a second for more reports.
	if err := be(text); err != nil {
		os.Stderr.WriteString(Variable + ": " + err.Error() + "\n")
		syscall.Exit(1)
	}
	syscall.Exit(0)
}

func be(text string) error {
	var o Options
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	channel, err := NewChannel(Control)
	if err != nil {
		return err
	}
	s := &supervisor{channel: channel, options: o, programs: map[int]*program{}, changed: make(chan struct{})}
	s.started.L = &s.mu
	err = s.settle()
	ready := &Ready{Failure: failed(err), Directory: s.directory}
	if sendErr := channel.Send(Reply{Ready: ready}); err != nil || sendErr != nil {
		os.RemoveAll(s.directory)
		return errors.Join(err, sendErr)
	}
	s.serve()
	return nil
}

// settle makes the process what its options say, and the directory.
func (s *supervisor) settle() (err error) {
	// Signals at the terminal, or to all of a group, are for the programs and
	// their parent. They are caught, not ignored: that a program would inherit.
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2)
	if s.options.Map {
		if err := s.mapUser(); err != nil {
			return err
		}
	}
	if s.options.Init {
		err = ownMounts()
	} else {
		err = os.NewSyscallError("prctl", unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
	}
	if err == nil && len(s.options.Files) > 0 {
		err = ownFiles(s.options.Files)
	}
	if err != nil {
		return err
	}
	return s.makeDirectory()
}

// makeDirectory makes the private directory.
func (s *supervisor) makeDirectory() (err error) {
	if s.options.Temporary == "" {
		return nil
	}
	if s.directory, err = os.MkdirTemp(s.options.Temporary, "resetlab-program-"); err != nil {
		return err
	}
	if user := int(s.options.User); user != 0 {
		return os.Chown(s.directory, user, user)
	}
	return nil
}

// mapUser makes the user of this process the same inside of its new user
// namespace as outside of it (user_namespaces(7)).
func (s *supervisor) mapUser() error {
	line := func(id int) []byte { return []byte(strconv.Itoa(id) + " " + strconv.Itoa(id) + " 1") }
	return errors.Join(
		os.WriteFile("/proc/self/setgroups", []byte("deny"), 0),
		os.WriteFile("/proc/self/uid_map", line(s.options.UID), 0),
		os.WriteFile("/proc/self/gid_map", line(s.options.GID), 0))
}

// ownMounts mounts a /proc of the PID namespace, where nobody else sees it: a
// program finds itself in it by its own process id. The ids begin behind that
// of this process outside, so that programs that run at the same time have
// different ones, and do not meet in files that are named by them. Shared memory
// has a place of its own, too, since who is killed does not remove it.
func ownMounts() error {
	outside, err := os.Readlink("/proc/self")
	if err != nil {
		return err
	}
	const flags = unix.MS_NOSUID | unix.MS_NODEV
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return os.NewSyscallError("mount", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", flags|unix.MS_NOEXEC, ""); err != nil {
		return os.NewSyscallError("mount /proc", err)
	}
	err = unix.Mount("shm", "/dev/shm", "tmpfs", flags, "mode=1777")
	if err != nil && err != unix.ENOENT { // not every container has it
		return os.NewSyscallError("mount /dev/shm", err)
	}
	os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(outside), 0) // a kernel without it begins at 2
	return nil
}

// mostError bounds what is told of an error.
const mostError = 1 << 10

func failed(err error) (f Failure) {
	if err == nil {
		return f
	}
	f.Error = err.Error()
	f.Error = f.Error[:min(len(f.Error), mostError)]
	errors.As(err, &f.Errno)
	return f
}
