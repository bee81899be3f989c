package keeper

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownNamespace names the network namespace of a process. The link's target
// has its inode: "net:[4026531840]".
const ownNamespace = "/proc/self/ns/net"

// A Process is a running keeper, as its parent sees it. Its methods may be
// called by several goroutines at the same time.
type Process struct {
	command *exec.Cmd
	stderr  bytes.Buffer // to be read when the process is gone

	mu      sync.Mutex // one request at a time
	channel *channel   // nil when closed

	mapping  sync.Mutex
	unmapped bool // it is in a user namespace in which nobody has a number
}

// Start starts a keeper: in a network namespace of its own and, where the
// process may not make one, in a user namespace of its own too. An error that
// wraps ErrUnavailable says that the machine allows neither.
func Start() (*Process, error) {
	p, err := start(syscall.CLONE_NEWNET)
	if errors.Is(err, syscall.EPERM) {
		p, err = start(syscall.CLONE_NEWNET | syscall.CLONE_NEWUSER)
	}
	for _, refusal := range []syscall.Errno{
		syscall.EPERM, syscall.EACCES, syscall.ENOSPC, syscall.EINVAL, syscall.ENOSYS, // clone(2), sysctl
		syscall.EROFS, // /proc/sys in a container
	} {
		if errors.Is(err, refusal) {
			return nil, fmt.Errorf("network namespaces: %w: run as root, or allow user namespaces (sysctl "+
				"user.max_user_namespaces above 0, kernel.apparmor_restrict_unprivileged_userns 0): %w",
				ErrUnavailable, err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("start the keeper: %w", err)
	}
	return p, nil
}

// start executes the running binary again and waits until it is ready.
func start(flags uintptr) (*Process, error) {
	parent, err := os.Readlink(ownNamespace)
	if err != nil {
		return nil, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "control")
	p := &Process{channel: newChannel(pair[0]), unmapped: flags&syscall.CLONE_NEWUSER != 0}
	p.command = keeperCommand(flags, parent, theirs)
	p.command.Stderr = &p.stderr
	err = p.command.Start()
	theirs.Close()
	if err != nil {
		unix.Close(pair[0])
		return nil, err
	}
	var ready response
	if _, err := p.channel.receive(&ready); err != nil {
		return nil, p.broken(err)
	}
	if ready.Error != "" {
		p.Close() // its error is the one that it has just told
		return nil, &remoteError{response: ready}
	}
	return p, nil
}

// keeperCommand is the running binary as a keeper. /proc/self/exe finds it also
// when its file is gone or out of reach.
func keeperCommand(flags uintptr, parent string, control *os.File) *exec.Cmd {
	command := exec.Command("/proc/self/exe")
	command.Args = []string{"resetlab-keeper"} // as ps(1) calls it
	command.Env = append(os.Environ(), variable+"="+parent)
	command.ExtraFiles = []*os.File{control}
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: flags,
		Setpgid:    true, // an interrupt at the terminal is for the parent, who closes in order
	}
	if flags&syscall.CLONE_NEWUSER != 0 {
		// A new program keeps no capabilities unless they are ambient or it runs
		// as root. The mapping that would make it root leaks a pipe in Go 1.26
		// where the clone fails (syscall.forkAndExecInChild).
		command.SysProcAttr.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_NET_RAW}
	}
	return command
}

// broken ends a keeper that does not answer as it should and says why.
func (p *Process) broken(err error) error {
	p.shut()
	p.command.Process.Kill() // it may have ended by itself
	err = errors.Join(err, p.command.Wait())
	return fmt.Errorf("the keeper does not answer: %w: %s", err, strings.TrimSpace(p.stderr.String()))
}

func (p *Process) shut() {
	unix.Close(p.channel.socket)
	p.channel = nil
}

// ID is the process id of the keeper: no other one that runs has it.
func (p *Process) ID() int { return p.command.Process.Pid }

// Do has a host do something.
func (p *Process) Do(host string, a Action) error {
	_, _, err := p.exchange(host, a, -1)
	return err
}

// Give has a host do something with the descriptor fd, which stays the
// caller's.
func (p *Process) Give(host string, a Action, fd int) error {
	_, _, err := p.exchange(host, a, fd)
	return err
}

// Open has a host open something; the descriptor is the caller's.
func (p *Process) Open(host string, a Action) (int, error) {
	_, fd, err := p.exchange(host, a, -1)
	if err == nil && fd < 0 {
		return -1, fmt.Errorf("%s: %T opened nothing", host, a)
	}
	return fd, err
}

// Ask has a host answer a question and decodes the answer into result.
func (p *Process) Ask(host string, a Action, result any) error {
	text, _, err := p.exchange(host, a, -1)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, result); err != nil {
		return fmt.Errorf("%s: decode the answer to %T: %w", host, a, err)
	}
	return nil
}

func (p *Process) exchange(host string, a Action, given int) (result json.RawMessage, opened int, err error) {
	arguments, err := json.Marshal(a)
	if err != nil {
		return nil, -1, fmt.Errorf("%s: encode %T: %w", host, a, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.channel == nil {
		return nil, -1, fmt.Errorf("%s: the network is closed", host)
	}
	question := request{Action: reflect.TypeOf(a).Name(), Host: host, Arguments: arguments}
	if err := p.channel.send(question, given); err != nil {
		return nil, -1, p.broken(err)
	}
	answer, opened, err := p.answer()
	switch {
	case err == errDescriptorLost:
		return nil, -1, err
	case err != nil:
		return nil, -1, p.broken(err)
	case answer.Error != "":
		return nil, -1, &remoteError{host, answer}
	}
	return answer.Result, opened, nil
}

// answer receives a response and the descriptor that came before it, or -1.
func (p *Process) answer() (r response, opened int, err error) {
	opened, err = p.channel.receive(&r)
	if !r.More || (err != nil && err != errDescriptorLost) {
		return r, opened, err
	}
	r = response{}
	if _, nextErr := p.channel.receive(&r); nextErr != nil {
		if opened >= 0 {
			unix.Close(opened)
		}
		return r, -1, nextErr
	}
	return r, opened, err
}

// Close ends the keeper and returns when it is gone. A second Close does
// nothing.
func (p *Process) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.channel == nil {
		return nil
	}
	p.shut() // the keeper reads end of file
	err := p.command.Wait()
	said := strings.TrimSpace(p.stderr.String())
	switch {
	case err != nil:
		return fmt.Errorf("the keeper: %w: %s", err, said)
	case said != "": // the race detector, for one, only says
		return fmt.Errorf("the keeper: %s", said)
	}
	return nil
}
