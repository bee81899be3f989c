package program

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/internal/sockdiag"
	"github.com/resetlab/resetlab/harness/program/internal/supervisor"
)

// below is a program below a supervisor.
type below struct {
	s  *Supervisor
	id int
	r  *record
}

func (b below) signal(sig syscall.Signal) error {
	select {
	case <-b.r.exited:
		return nil
	default:
		return b.s.send(supervisor.Request{ID: b.id, Signal: sig})
	}
}

func (b below) stop(grace time.Duration) (killed int, err error) {
	b.r.stopping.Lock()
	defer b.r.stopping.Unlock()
	q := supervisor.Request{ID: b.id, Stop: &supervisor.Stop{Grace: int64(grace)}}
	if err := b.s.send(q); err != nil && !b.s.isClosed() {
		return 0, fmt.Errorf("stop %s: %w", b.r.name, err)
	}
	select {
	case told := <-b.r.stopped:
		if left := told.Stopped.Left; left > 0 {
			err = fmt.Errorf("stop %s: %d of its processes cannot be killed", b.r.name, left)
		}
		return told.Stopped.Killed, err
	case <-b.s.reading:
		if b.s.isClosed() {
			return 0, nil
		}
		return 0, fmt.Errorf("stop %s: %w", b.r.name, errDead)
	}
}

func (b below) pause(ctx context.Context) error {
	b.r.pausing.Lock()
	defer b.r.pausing.Unlock()
	if err := b.s.send(supervisor.Request{ID: b.id, Pause: true}); err != nil && !b.s.isClosed() {
		return fmt.Errorf("pause %s: %w", b.r.name, err)
	}
	var told reply
	select {
	case told = <-b.r.paused:
	case <-b.s.reading: // nothing runs any more
		return nil
	case <-ctx.Done():
		b.resume() // the answer to that comes as the one to the pause
		select {
		case <-b.r.paused:
		case <-b.s.reading:
		}
		return fmt.Errorf("pause %s: %w", b.r.name, context.Cause(ctx))
	}
	if err := asError(*told.Paused); err != nil {
		return fmt.Errorf("pause %s: %w", b.r.name, err)
	}
	return nil
}

func (b below) resume() error {
	err := b.s.send(supervisor.Request{ID: b.id, Resume: true})
	if err == nil || b.s.isClosed() {
		return nil
	}
	select {
	case <-b.s.reading: // nothing is there that could go on
		return nil
	default:
		return fmt.Errorf("resume %s: %w", b.r.name, err)
	}
}

// listening asks the kernel who listens, and the supervisor whose that is.
func (b below) listening(at netip.AddrPort) (bool, error) {
	inodes, err := b.ask(at, sockdiag.Listeners)
	if err != nil {
		return false, fmt.Errorf("look for listeners: %w", err)
	}
	for _, inode := range inodes {
		if b.holds(inode) {
			return true, nil
		}
	}
	return false, nil
}

func (b below) unaccepted(at netip.AddrPort) ([]uint32, error) {
	unread, err := b.ask(at, sockdiag.Unaccepted)
	if err != nil {
		err = fmt.Errorf("look for connections that nobody accepted: %w", err)
	}
	return unread, err
}

// ask asks the kernel about the sockets of the program's network namespace.
func (b below) ask(
	at netip.AddrPort, what func(fd int, at netip.AddrPort) ([]uint32, error),
) ([]uint32, error) {
	const kind = unix.SOCK_DGRAM | unix.SOCK_CLOEXEC
	fd, err := b.s.options.Namespace.Socket(unix.AF_NETLINK, kind, unix.NETLINK_INET_DIAG)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	return what(fd, at)
}

func (b below) holds(inode uint32) bool {
	b.r.asking.Lock()
	defer b.r.asking.Unlock()
	if b.s.send(supervisor.Request{ID: b.id, Holds: inode}) != nil {
		return false // it has ended, which is told
	}
	select {
	case told := <-b.r.holds:
		return *told.Holds
	case <-b.s.reading:
		return false
	}
}

func exitError(e supervisor.Exited) error {
	switch {
	case e.Signal != 0:
		return &ExitError{Code: -1, Signal: e.Signal}
	case e.Code != 0:
		return &ExitError{Code: e.Code}
	}
	return nil
}

// release notes that nothing runs any more of the programs up to this one. mu
// is held.
func (s *Supervisor) release(last int) {
	for id, r := range s.records {
		if id <= last && !r.released {
			r.released = true
			close(r.gone)
		}
	}
}

func (s *Supervisor) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// Close kills all programs and what they have started, removes the directory,
// and returns when all of it is gone. A second Close does nothing.
func (s *Supervisor) Close() error {
	s.mu.Lock()
	again := s.closing
	s.closing = true
	s.mu.Unlock()
	if again {
		<-s.reading
		return nil
	}
	s.channel.End() // it may have ended by itself
	<-s.reading
	s.channel.Close()
	s.wait()
	for _, r := range s.records {
		r.lines.awaitEnd()
	}
	if s.closed == nil { // somebody killed it, and it removed nothing
		return errors.Join(errDead, supervisor.RemoveAll(s.dir))
	}
	if err := asError(*s.closed); err != nil {
		return fmt.Errorf("close the supervisor: %w", err)
	}
	return nil
}
