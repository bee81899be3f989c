package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/program/internal/supervisor"
)

// A Supervisor starts programs, and ends with them. Its methods may be called by
// several goroutines at the same time.
type Supervisor struct {
	channel *supervisor.Channel
	wait    func() // returns when its process has ended
	options Options
	dir     string
	reading chan struct{} // closed when it will tell nothing more

	sending sync.Mutex
	mu      sync.Mutex // guards the rest
	records map[int]*record
	next    int
	closed  *supervisor.Failure // its last word
	closing bool
}

// A record is what the supervisor tells of a program.
type record struct {
	*Program
	started chan reply
	stopped chan reply
	holds   chan reply
	paused  chan reply

	stopping, asking, pausing sync.Mutex // one at a time
	released                  bool       // gone is closed; the supervisor's mu guards it
}

// A reply comes with the descriptor that was handed over, or -1.
type reply struct {
	supervisor.Reply
	file int
}

// Supervise starts a supervisor, with a private directory. An error that wraps
// ErrUnavailable says that programs cannot run as the options want.
func Supervise(ctx context.Context, o Options) (*Supervisor, error) {
	const others = "run programs as user %d: %w: run as root: %w"
	if int(o.User) == os.Geteuid() {
		o.User = 0
	}
	if o.User != 0 && os.Geteuid() != 0 {
		return nil, fmt.Errorf(others, o.User, ErrUnavailable, syscall.EPERM)
	}
	const files = "give programs files of their own below /etc and /run: %w: run as root: %w"
	if err := o.checkFiles(); err != nil {
		return nil, err
	}
	if len(o.Files) > 0 && os.Geteuid() != 0 {
		return nil, fmt.Errorf(files, ErrUnavailable, syscall.EPERM)
	}
	if o.Namespace == nil {
		o.Namespace = here{}
	}
	var refused []error
	for _, sort := range o.sorts() {
		s, err := supervise(ctx, o, sort)
		if err == nil || !isRefusal(err) {
			return s, err
		}
		refused = append(refused, err)
	}
	err := errors.Join(refused...)
	if o.User != 0 { // a root that may not change its user
		err = fmt.Errorf(others, o.User, ErrUnavailable, err)
	}
	if len(o.Files) > 0 { // a root that may not mount
		err = fmt.Errorf(files, ErrUnavailable, err)
	}
	return nil, err
}

// A sort is a way for a supervisor to have power over all that is below it.
type sort struct {
	flags uintptr
	supervisor.Options
}

// sorts are the ways, the best one first.
func (o Options) sorts() []sort {
	base := supervisor.Options{
		UID: os.Geteuid(), GID: os.Getegid(), User: o.User, Temporary: o.temporary(), Files: o.Files,
	}
	init, mapped := base, base
	init.Init = true
	mapped.Init, mapped.Map = true, true
	const namespaces = unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC
	all := []sort{{namespaces, init}, {namespaces | unix.CLONE_NEWUSER, mapped}, {0, base}}
	switch {
	case len(o.Files) > 0 && o.SamePIDs:
		return []sort{{unix.CLONE_NEWNS, base}}
	case len(o.Files) > 0: // as many owners as the machine's have only the root of the machine can give
		return all[:1]
	case o.SamePIDs:
		return all[2:]
	case o.User != 0: // nobody else has a number in the user namespace
		return []sort{all[0], all[2]}
	}
	return all
}

// isRefusal says whether an error is how the kernel denies a namespace, or the
// mount of /proc in it: clone(2), user_namespaces(7), mount(2).
func isRefusal(err error) bool {
	for _, refusal := range []syscall.Errno{
		syscall.EPERM, syscall.EACCES, syscall.ENOSPC, syscall.EUSERS, syscall.EINVAL, syscall.ENOSYS, syscall.EROFS,
	} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return false
}

// supervise starts a supervisor of one sort.
func supervise(ctx context.Context, o Options, k sort) (*Supervisor, error) {
	options, err := json.Marshal(k.Options)
	if err != nil {
		return nil, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "control")
	defer theirs.Close()
	channel, err := supervisor.NewChannel(pair[0])
	if err != nil {
		unix.Close(pair[0])
		return nil, err
	}
	// Not this process's environment, which may have what changes a program.
	environment := []string{supervisor.Variable + "=" + string(options)}
	wait, err := o.Namespace.Fork(supervisor.Name, environment, k.flags, theirs)
	if err != nil {
		channel.Close()
		return nil, fmt.Errorf("start a supervisor: %w", err)
	}
	theirs.Close()
	s := &Supervisor{
		channel: channel, wait: wait, options: o, reading: make(chan struct{}), records: map[int]*record{},
	}
	if err := s.awaitReady(ctx); err != nil {
		channel.Close()
		wait()
		return nil, fmt.Errorf("start a supervisor: %w", err)
	}
	go s.read()
	return s, nil
}

// awaitReady awaits the first reply.
func (s *Supervisor) awaitReady(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { s.channel.End() })()
	var first supervisor.Reply
	_, err := s.channel.Receive(&first)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return err
	case first.Ready == nil:
		return errors.New("its first word is something else")
	}
	s.dir = first.Ready.Directory
	return asError(first.Ready.Failure)
}

// asError is a failure in the supervisor as if it had happened here.
func asError(f supervisor.Failure) error {
	switch {
	case f.Error == "":
		return nil
	case f.Errno == 0:
		return errors.New(f.Error)
	}
	return &remoteError{f}
}

type remoteError struct{ supervisor.Failure }

func (e *remoteError) Error() string { return e.Failure.Error }
func (e *remoteError) Unwrap() error { return e.Errno }

// here is the namespace that this process is in.
type here struct{}

func (here) Fork(name string, env []string, flags uintptr, control *os.File) (func(), error) {
	process, err := Fork(name, env, flags, control)
	if err != nil {
		return nil, err
	}
	return func() { process.Wait() }, nil
}

func (here) Socket(family, kind, protocol int) (int, error) {
	fd, err := unix.Socket(family, kind, protocol)
	return fd, os.NewSyscallError("socket", err)
}

// Fork is the Fork of a [Namespace] which this process is in: what is behind
// one of another process calls it there. The caller is to wait for the process.
func Fork(name string, env []string, flags uintptr, control *os.File) (*os.Process, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	attributes := &os.ProcAttr{
		Env: env, Files: []*os.File{null, null, null, control},
		Sys: &syscall.SysProcAttr{Cloneflags: flags, Setsid: true},
	}
	if flags&unix.CLONE_NEWUSER != 0 {
		// A new program keeps no capabilities unless they are ambient. The mapping
		// that would make it root leaks a pipe in Go 1.26 where the clone fails
		// (syscall.forkAndExecInChild).
		attributes.Sys.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SYS_PTRACE, unix.CAP_KILL}
	}
	// By this name it is found by any user, and when its file was replaced
	// (proc(5)).
	return os.StartProcess("/proc/self/exe", []string{name}, attributes)
}
