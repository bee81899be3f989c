package lab

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/resetlab/resetlab/harness/program"
)

// grace is how long a program may take to end when it is asked to, on a machine
// that is very busy. Who needs it, and not who ends, waits.
const grace = 10 * time.Second

// A Program is the program of a package as an end: its connections are seen on
// the wire and by the kernel, and what it says and how it ended are in the
// recording. Its calls are in the journal if it is traced: see [Host.Trace].
type Program struct {
	*program.Program
	name       string
	host       *Host
	supervisor *program.Supervisor
	at         netip.AddrPort // port 0 if it does not listen
	tracing    *tracing       // nil: it is not traced; guarded by mu once it runs

	mu     sync.Mutex
	asked  bool // somebody was told how it ended
	paused bool
	once   sync.Once
	result error
}

// Run starts the program of a recipe at h, on the loopback or in the namespace
// of a host of a netlab, with a private directory, and returns when it is ready;
// ctx ends the wait for that. The lab closes it. An error that wraps
// [program.ErrUnavailable] says why it cannot run here, and what would help.
func (h *Host) Run(ctx context.Context, r program.Recipe) (*Program, error) {
	return h.run(ctx, r, nil)
}

func (h *Host) run(ctx context.Context, r program.Recipe, t *tracing) (*Program, error) {
	path, err := r.Find()
	if err != nil {
		return nil, err
	}
	h.await()
	p := &Program{name: r.Name, host: h, at: netip.AddrPortFrom(h.stack.IP(), 0), tracing: t}
	options := program.Options{Files: r.Files, User: r.RunsAs()}
	options.Namespace, _ = h.stack.(program.Namespace)
	if r.Listens {
		port, release, err := reserve(h.stack)
		if err != nil {
			return nil, fmt.Errorf("%s: find a free port: %w", r.Name, err)
		}
		defer release()
		p.at = netip.AddrPortFrom(p.at.Addr(), port)
		h.lab.noteEndpoint(Endpoint{Host: h.name, Address: p.at.String()})
	}
	if p.supervisor, err = program.Supervise(ctx, options); err != nil {
		return nil, fmt.Errorf("%s: %w", r.Name, err)
	}
	if err := p.start(ctx, r, path, options.User); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", r.Name, err), p.supervisor.Close())
	}
	h.lab.mu.Lock()
	h.lab.programs = append(h.lab.programs, p)
	h.lab.mu.Unlock()
	h.lab.Own(p)
	return p, nil
}

// start starts the program and waits until it is ready.
func (p *Program) start(ctx context.Context, r program.Recipe, path string, user uint32) (err error) {
	var command program.Command
	place := program.Place{Dir: p.supervisor.Dir(), Address: p.at, User: user}
	if r.Command != nil {
		if command, err = r.Command(place); err != nil {
			return err
		}
	}
	if command.Args, err = p.tracing.below(place, slices.Concat([]string{path}, command.Args)); err != nil {
		return err
	}
	if p.Program, err = p.supervisor.Start(ctx, command); err != nil || !r.Listens {
		return err
	}
	if err = p.AwaitListening(ctx, p.at); err == nil && r.Says != "" {
		_, err = p.AwaitLine(ctx, func(l program.Line) bool { return strings.Contains(l.Text, r.Says) })
	}
	return err
}

// Name returns the name of the program's recipe.
func (p *Program) Name() string { return p.name }

// Host returns the host that it runs at.
func (p *Program) Host() *Host { return p.host }

// Dir returns its private directory, which goes with it.
func (p *Program) Dir() string { return p.supervisor.Dir() }

// Addr returns the address, host:port, at which it listens. If it does not the
// port is 0.
func (p *Program) Addr() string { return p.at.String() }

// Text returns all that the program has said so far, a line each. Of what it
// said on standard output and on standard error the order is that of reading.
func (p *Program) Text() string {
	var text strings.Builder
	kept, _ := p.Lines()
	for _, line := range kept {
		fmt.Fprintln(&text, line.Text)
	}
	return text.String()
}

// Exit waits until the program has ended, and all that it said is in Lines. It
// returns its exit status, or 128 and the number of the signal that ended it, as
// a shell does. The error is that of ctx.
func (p *Program) Exit(ctx context.Context) (status int, err error) {
	for _, ended := range []<-chan struct{}{p.Exited(), p.Drained()} {
		select {
		case <-ended:
		case <-ctx.Done():
			return 0, fmt.Errorf("%s has not ended: %w", p.name, context.Cause(ctx))
		}
	}
	err = p.Err()
	var exit *program.ExitError
	switch {
	case !errors.As(err, &exit):
		return 0, err
	case exit.Signal != 0:
		return 128 + int(exit.Signal), nil
	}
	return exit.Code, nil
}

// Err waits until the program has ended and returns how, as [program.Program.Err]
// does. Who has asked is not told by Close.
func (p *Program) Err() error {
	err := p.Program.Err()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = true
	return err
}

// Pause stops the program and what it has started (SIGSTOP) and returns when
// nothing of it runs any more, as [program.Program.Pause] does. Linux only;
// errors.ErrUnsupported elsewhere.
func (p *Program) Pause(ctx context.Context) error {
	p.mu.Lock()
	p.paused = true
	p.mu.Unlock()
	return p.Program.Pause(ctx)
}

// Resume lets the program run on that was paused (SIGCONT).
func (p *Program) Resume() error {
	p.mu.Lock()
	p.paused = false
	p.mu.Unlock()
	return p.Program.Resume()
}

// AcceptUnread makes the program accept a connection on which bytes lie unread:
// it is paused, connect has somebody connect and write, and when so many bytes at
// least wait at a connection that nobody accepted it is resumed. What a server
// does before it has read, which otherwise comes before or after the bytes by
// chance, then comes after them.
func (p *Program) AcceptUnread(ctx context.Context, bytes int, connect func() error) error {
	if err := p.Pause(ctx); err != nil {
		return err
	}
	err := connect()
	if err == nil {
		err = p.AwaitUnaccepted(ctx, p.at, bytes)
	}
	return errors.Join(err, p.Resume())
}

// Close asks the program to end (SIGTERM), and kills what has not ended in ten
// seconds, with all that it has started. The error says that this had to be, or
// how it had failed before, if nobody had asked for that. A second Close returns
// the same.
func (p *Program) Close() error {
	p.once.Do(func() {
		p.result = p.close()
	})
	return p.result
}

func (p *Program) close() error {
	var failed error
	p.mu.Lock()
	asked, paused := p.asked, p.paused
	p.mu.Unlock()
	select {
	case <-p.Exited():
		if !asked {
			failed = p.Program.Err()
		}
	default:
	}
	if paused { // or it does not see that it is to end
		p.Signal(syscall.SIGTERM)
		p.Resume() // it may have ended
	}
	killed, err := p.Stop(grace) // behind it all that was said is known
	if failed != nil {
		failed = fmt.Errorf("%s had ended by itself: %w: %s", p.name, failed, p.lastWords())
	}
	if killed > 0 && err == nil {
		err = fmt.Errorf("%s: %d processes had not ended in %v and were killed: %s", p.name, killed, grace, p.lastWords())
	}
	p.takeCalls()
	return errors.Join(failed, err, p.supervisor.Close())
}

// lastWords returns the last lines that the program said.
func (p *Program) lastWords() string {
	const most = 10
	lines := strings.Split(strings.TrimSpace(p.Text()), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// Programs returns the programs that were started, in that order.
func (l *Lab) Programs() []*Program {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.programs)
}
