package run

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/script"
)

// stillWaiting notes which calls had not returned when the last line was over: what
// a timer of the kernel lets return after that is no part of the script.
func (c *course) stillWaiting() {
	for _, w := range c.waiting {
		if !w.noted {
			c.answer.Waiting = append(c.answer.Waiting, fmt.Sprintf("%s: %s", w.line.Actor, w.line.Call))
			c.journalPending(w)
		}
	}
}

// leave gives everything back that the script has: calls that wait are told that
// their connection is gone. What is sent for that is in no recording.
func (c *course) leave() error {
	var errs []error
	if c.proxy != nil {
		errs = append(errs, c.proxy.end())
	}
	for _, w := range c.waiting {
		errs = append(errs, c.release(w))
		if r := w.job.result; !w.noted && w.line.Call.Verb == script.Accept && w.job.over.Load() && r.Kind == script.OK {
			errs = append(errs, os.NewSyscallError("close", unix.Close(r.Count))) // no end has it
		}
	}
	for _, e := range c.order {
		errs = append(errs, c.abandon(e))
	}
	for _, rule := range c.rules {
		errs = append(errs, rule.block.Lift())
	}
	for _, t := range c.threads {
		if t.waits() {
			t.end()
			errs = append(errs, errors.New("a call did not end with its connection"))
			continue
		}
		c.idle = append(c.idle, t)
	}
	return errors.Join(errs...)
}

// release ends a call that waits. Its connection is destroyed; what is no
// connection is shut down; and a signal ends what waits for neither.
func (c *course) release(w *call) error {
	if w.job.over.Load() {
		return nil
	}
	e := w.waitsAt()
	switch s := e.socket; { // it may be gone already
	case s.local.IsValid() && s.remote.IsValid():
		_ = c.host.Destroy(s.local, s.remote)
	case s.local.IsValid():
		_ = c.host.DestroyListener(s.local)
	}
	for _, name := range e.socket.names {
		if name.fd >= 0 {
			_ = unix.Shutdown(name.fd, unix.SHUT_RDWR) // the same
		}
	}
	patience := time.NewTimer(10 * time.Second)
	defer patience.Stop()
	for {
		if err := unix.Tgkill(unix.Getpid(), w.thread.id, unix.SIGURG); err != nil { // which Go expects at any time
			return fmt.Errorf("interrupt %s: %w", w.line, err)
		}
		select {
		case <-w.job.done:
			return nil
		case <-patience.C:
			return fmt.Errorf("%s does not return", w.line)
		default:
			yield()
		}
	}
}
