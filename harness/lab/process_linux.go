package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/program"
)

// A Process is a [Server] in a child process, for what only a process can
// show: being killed, limits, forks. It ends when its parent does, however
// that ends, and so does whatever it has started.
type Process struct {
	name       string
	address    string
	journal    *Journal
	supervisor *program.Supervisor
	program    *program.Program
	stdin      io.Closer // its end of file tells the child to end
	outcomes   chan Outcome
	followed   chan struct{} // closed when it will report nothing more

	mu     sync.Mutex
	killed bool
}

// Start starts the server that [BeProcess] knows under this name in a process
// of its own, listening at h. The lab closes it.
func (h *Host) Start(ctx context.Context, server string, limits Limits) (*Process, error) {
	listener, err := h.Listen(ctx)
	if err != nil {
		return nil, err
	}
	defer listener.Close() // the child has its own descriptor
	socket, err := listener.tcp.File()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", server, err)
	}
	defer socket.Close()
	p := &Process{
		name: server, address: listener.Addr(), journal: h.lab.Journal(),
		outcomes: make(chan Outcome, outcomesKept), followed: make(chan struct{}),
	}
	if err := p.start(ctx, h, socket, limits); err != nil {
		return nil, fmt.Errorf("start %s: %w", server, err)
	}
	h.lab.Own(p)
	return p, nil
}

func (p *Process) start(ctx context.Context, h *Host, socket *os.File, limits Limits) error {
	text, err := json.Marshal(order{Server: p.name, Host: h.name, Limits: limits})
	if err != nil {
		return err
	}
	if p.supervisor, err = program.Supervise(ctx, program.Options{User: limits.User, NoDir: true}); err != nil {
		return err
	}
	stdout, err := p.execute(ctx, text, socket)
	if err != nil {
		return errors.Join(err, p.supervisor.Close())
	}
	ready := make(chan error, 1)
	go p.follow(stdout, ready)
	if err := <-ready; err != nil {
		return errors.Join(err, p.Close())
	}
	return nil
}

// execute starts the running binary again and returns what it reports.
func (p *Process) execute(ctx context.Context, text []byte, socket *os.File) (reports *os.File, err error) {
	theirInput, input, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirInput.Close()
	reports, theirOutput, err := os.Pipe()
	if err != nil {
		input.Close()
		return nil, err
	}
	defer theirOutput.Close()
	p.program, err = p.supervisor.Start(ctx, program.Command{
		// By this name it runs for any user, who may not reach it by its path, and
		// when the file has been replaced (proc(5)).
		Args:  []string{"/proc/self/exe"},
		Env:   append(os.Environ(), processVariable+"="+string(text)),
		Dir:   "/", // where every user may be
		Stdin: theirInput, Stdout: theirOutput, Files: []*os.File{socket},
	})
	if err != nil {
		input.Close()
		reports.Close()
		return nil, err
	}
	p.stdin = input
	return reports, nil
}

// follow passes on what the child reports until it is gone. Its first line
// says that it is ready.
func (p *Process) follow(stdout io.ReadCloser, ready chan<- error) {
	defer close(p.followed)
	defer close(p.outcomes)
	defer stdout.Close()
	lines := bufio.NewReader(stdout)
	if line, err := lines.ReadString('\n'); err != nil || line != "ready\n" {
		ready <- fmt.Errorf("the process did not get ready: it said %q", line)
	} else {
		ready <- nil
	}
	decoder := json.NewDecoder(lines)
	for {
		var outcome Outcome
		if err := decoder.Decode(&outcome); err != nil {
			break // the end, or a line cut off by a kill
		}
		p.journal.adopt(outcome)
		select {
		case p.outcomes <- outcome:
		default: // nobody asks for them, and the child must not be held up
		}
	}
	io.Copy(io.Discard, lines)
}

// Addr returns the address, host:port, that clients connect to.
func (p *Process) Addr() string { return p.address }

// Outcomes gives what the process reported of each connection that was over
// before it was killed; the first 1024 if nobody asks for them.
func (p *Process) Outcomes() <-chan Outcome { return p.outcomes }

// PID returns the process id.
func (p *Process) PID() int { return p.program.PID() }

// Kill kills the process (SIGKILL) and returns when it is gone, its sockets
// closed by the kernel.
func (p *Process) Kill() error {
	p.mu.Lock()
	p.killed = true
	p.mu.Unlock()
	if err := p.program.Signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	<-p.program.Exited()
	return nil
}

// Close asks the process to end and returns when it has, with all that it has
// started, and everything that it reported is in Outcomes. Unless it was
// killed, an exit status other than 0 is an error, with what it wrote to
// standard error.
func (p *Process) Close() error {
	p.stdin.Close() // it may be closed already
	ended := p.program.Err()
	err := p.supervisor.Close()
	<-p.followed
	p.mu.Lock()
	defer p.mu.Unlock()
	if ended == nil || p.killed {
		return err
	}
	var said strings.Builder
	kept, _ := p.program.Lines()
	for _, line := range kept {
		fmt.Fprintln(&said, line.Text)
	}
	ended = fmt.Errorf("process %s: %w: %s", p.name, ended, strings.TrimSpace(said.String()))
	return errors.Join(ended, err)
}

// beProcess is the child's side: it serves until its standard input ends.
func beProcess(o order, run ProcessFunc) error {
	file := os.NewFile(3, "listener")
	listener, err := net.FileListener(file)
	if err != nil {
		return fmt.Errorf("take over the listener: %w", err)
	}
	file.Close()
	tcp, ok := listener.(*net.TCPListener)
	if !ok {
		return fmt.Errorf("take over the listener: it is a %T: want *net.TCPListener", listener)
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if err := o.Limits.set(); err != nil {
		return err
	}
	var mu sync.Mutex
	encoder := json.NewEncoder(os.Stdout)
	fmt.Println("ready")
	return run(ctx, &Listener{host: New().Host(o.Host), tcp: tcp}, func(outcome Outcome) {
		mu.Lock()
		defer mu.Unlock()
		encoder.Encode(outcome) // fails only when the parent is gone, and then we end
	})
}

// set puts the limits on the running process.
func (l Limits) set() error {
	if l.Processes != 0 {
		threads, err := spareThreads()
		if err != nil {
			return err
		}
		l.Processes += threads
	}
	for _, limit := range []struct {
		name     string
		resource int
		value    uint64
	}{
		{"RLIMIT_NOFILE", unix.RLIMIT_NOFILE, l.Descriptors},
		{"RLIMIT_NPROC", unix.RLIMIT_NPROC, l.Processes},
	} {
		if limit.value == 0 {
			continue
		}
		value := unix.Rlimit{Cur: limit.value, Max: limit.value}
		if err := unix.Setrlimit(limit.resource, &value); err != nil {
			return fmt.Errorf("set %s to %d: %w", limit.name, limit.value, err)
		}
	}
	return nil
}
