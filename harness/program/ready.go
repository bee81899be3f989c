package program

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// AwaitLine waits for a line of the program's output for which match is true,
// among those that are kept and those to come; match must not call the Program.
// The error says that the context or the program has ended before, with what
// that said last.
func (p *Program) AwaitLine(ctx context.Context, match func(Line) bool) (Line, error) {
	ctx, stop := p.whileItCan(ctx)
	defer stop()
	line, ok := p.lines.await(ctx, ctx.Done(), match)
	if ok {
		return line, nil
	}
	return line, p.notReady(ctx)
}

// AwaitListening waits until the program, or a process that it has started, has
// a TCP socket in LISTEN at the address; the unspecified address stands for
// any. The kernel is asked, in the program's network namespace (sock_diag(7)):
// no connection is made. The error is as that of AwaitLine; on other systems
// than Linux it is errors.ErrUnsupported.
func (p *Program) AwaitListening(ctx context.Context, at netip.AddrPort) error {
	return p.poll(ctx, func() (bool, error) { return p.run.listening(at) })
}

// AwaitUnaccepted waits until so many bytes at least lie unread at a connection
// to the address, at which the program listens, that nobody has accepted. The
// kernel is asked, and the error is, as by AwaitListening.
func (p *Program) AwaitUnaccepted(ctx context.Context, at netip.AddrPort, unread int) error {
	return p.poll(ctx, func() (bool, error) {
		all, err := p.run.unaccepted(at)
		return slices.ContainsFunc(all, func(n uint32) bool { return int64(n) >= int64(unread) }), err
	})
}

// poll asks for something that the kernel has no event for until it is so.
func (p *Program) poll(ctx context.Context, is func() (bool, error)) error {
	ctx, stop := p.whileItCan(ctx)
	defer stop()
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		if yes, err := is(); yes || err != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return p.notReady(ctx)
		}
	}
}

// errEnded is the cause by which a wait for a program's readiness ends.
var errEnded = errors.New("it has ended")

// whileItCan ends when the program cannot get ready any more: it has failed, or
// it and all that it started have ended.
func (p *Program) whileItCan(ctx context.Context) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-p.exited:
		case <-ctx.Done():
			return
		}
		if p.err == nil { // it may have left a daemon behind
			select {
			case <-p.gone:
			case <-ctx.Done():
				return
			}
		}
		cancel(errEnded)
	}()
	return ctx, func() { cancel(nil) }
}

// notReady says why the program is not: by its end, or by the context's.
func (p *Program) notReady(ctx context.Context) error {
	if ctx.Err() == nil { // its output has ended, and so has it, unless it has closed that
		select {
		case <-p.exited:
		case <-time.After(outputHeld):
			return errors.New(p.name + " has closed its output, and was not ready" + p.lines.last())
		}
	}
	select {
	case <-p.exited:
	default:
		return fmt.Errorf("%s is not ready: %w%s", p.name, context.Cause(ctx), p.lines.last())
	}
	p.lines.awaitEnd()
	err := p.err
	if err == nil {
		err = errors.New("exit status 0")
	}
	return fmt.Errorf("%s has ended, and was not ready: %w%s", p.name, err, p.lines.last())
}
