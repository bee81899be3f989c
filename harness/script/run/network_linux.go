package run

import (
	"errors"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/harness/script"
)

// network does what a line asks of the network.
func (c *course) network(line script.Line) (script.Result, error) {
	e := c.ends[line.Call.Name]
	if e == nil {
		return script.Result{}, mistakef(line, "%s has no socket", line.Call.Name)
	}
	c.learn(e)
	var err error
	switch line.Call.Verb {
	case script.Passes:
		err = c.passes(e)
	case script.Drops:
		err = c.drops(line, e)
	case script.Destroys:
		if err = c.destroy(e); err == nil {
			c.orphans = true
		}
	}
	var wrong *mistake
	switch {
	case errors.As(err, &wrong):
		return script.Result{}, err
	case err != nil && line.Call.Verb != script.Destroys:
		return script.Result{}, mistakef(line, "%v", err)
	}
	return done(err), c.settle()
}

// destroy destroys the socket of an end (SOCK_DESTROY).
func (c *course) destroy(e *end) error {
	s := e.socket
	if s.remote.IsValid() {
		return c.host.Destroy(s.local, s.remote)
	}
	return c.host.DestroyListener(s.local)
}

// drops lets segments toward an end arrive at its machine, and no further.
func (c *course) drops(line script.Line, e *end) error {
	s := e.socket
	if s.local.Port() == 0 {
		return mistakef(line, "%s has no address yet", e.name)
	}
	block, err := c.host.Block(netlab.Rule{
		Hook: netlab.Input, Verdict: netlab.Drop, Source: s.remote,
		Destination: netip.AddrPortFrom(c.address, s.local.Port()),
		Reset:       line.Call.How == "rst", NoReset: line.Call.How == "all-but-rst",
	})
	if err == nil {
		c.rules = append(c.rules, rule{e.name, block})
	}
	return err
}

// passes lifts the rules about segments toward an end.
func (c *course) passes(e *end) error {
	var kept []rule
	var errs []error
	for _, r := range c.rules {
		if r.toward != e.name {
			kept = append(kept, r)
			continue
		}
		errs = append(errs, r.block.Lift())
	}
	c.rules = kept
	return errors.Join(errs...)
}

// vanish closes the socket of an end without a segment, whatever names it has.
func (c *course) vanish(line script.Line) (script.Result, error) {
	e, err := c.alone(line)
	if err != nil {
		return script.Result{}, err
	}
	c.learn(e)
	start := time.Now()
	result := done(c.repair(e))
	if result.Kind == script.OK {
		c.closeAll(e.socket)
	}
	c.noteEnd(line, e, start)
	return result, c.settle()
}

// repair puts a socket into repair mode, and those that wait to be accepted,
// which it closes.
func (c *course) repair(e *end) error {
	if listens, _ := unix.GetsockoptInt(e.fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); listens != 0 {
		if err := unix.SetNonblock(e.fd, true); err != nil {
			return err
		}
		for {
			fd, _, err := unix.Accept4(e.fd, unix.SOCK_CLOEXEC)
			if err == unix.EAGAIN {
				return nil
			}
			if err != nil {
				return err
			}
			if err := errors.Join(c.host.Repair(fd), unix.Close(fd)); err != nil {
				return err
			}
		}
	}
	return c.host.Repair(e.fd)
}

// alone finds the end of a line whose socket no call waits in.
func (c *course) alone(line script.Line) (*end, error) {
	e, err := c.endOf(line)
	if err != nil {
		return nil, err
	}
	for _, w := range c.waiting {
		if w.waitsAt().socket == e.socket && !w.job.over.Load() {
			return nil, mistakef(line, "%s still waits in the call of line %d: a process takes its threads with it, "+
				"which the runner cannot", w.line.Actor, w.line.At.Line)
		}
	}
	return e, nil
}

// closeAll closes every descriptor of a socket.
func (c *course) closeAll(s *socket) {
	for _, e := range s.names {
		if e.fd >= 0 {
			unix.Close(e.fd)
			c.givenUp(e)
		}
	}
}

// kill hands the socket to a process, gives up its own descriptors, and has the
// process killed.
func (c *course) kill(line script.Line) (script.Result, error) {
	e, err := c.alone(line)
	if err != nil {
		return script.Result{}, err
	}
	c.learn(e)
	owner, err := own(e.fd)
	if err != nil {
		return script.Result{}, mistakef(line, "start the process that owns it: %v", err)
	}
	start := time.Now()
	syscall.ForkLock.RLock() // see step
	defer syscall.ForkLock.RUnlock()
	c.closeAll(e.socket)
	if err := owner.kill(); err != nil {
		return script.Result{}, mistakef(line, "kill: %v", err)
	}
	c.noteEnd(line, e, start)
	return done(nil), c.settle()
}

// noteEnd enters into the journal that an end was given up.
func (c *course) noteEnd(line script.Line, e *end, start time.Time) {
	c.journal(&call{line: line, end: e, start: start}, script.Result{Kind: script.OK})
}

// own starts a process that has a copy of a descriptor, and does nothing. It
// ends when this process does.
func own(fd int) (*owner, error) {
	copied, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return startOwner(copied)
}
