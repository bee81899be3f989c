package servers

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
)

// WithinDescriptors is a process that echoes and has descriptors left for room
// connections; the rest of its limit, which must be set, is taken. When there
// are none left it says so in an outcome whose first failing call is accept,
// and goes on when a connection has ended. With makeRoom it sees to that by
// aborting the connection that has been idle for longest. Linux only.
func WithinDescriptors(room int, makeRoom bool) lab.ProcessFunc {
	return func(ctx context.Context, listener *lab.Listener, report func(lab.Outcome)) error {
		taken, err := takeDescriptors(room)
		defer closeAll(taken)
		if err != nil {
			return err
		}
		var s sessions
		defer s.work.Wait()
		for {
			ended := s.nextEnd()
			// Without this wait accept(2) would fail whether or not anybody is
			// there: it takes the descriptor first.
			err := listener.AwaitConnection(ctx)
			if ctx.Err() != nil {
				return listener.Close()
			}
			if err != nil {
				return err
			}
			c, err := listener.Accept(ctx)
			if err == nil {
				s.use(c)
				s.work.Go(func() { s.echo(c, report) })
				continue
			}
			if !errors.Is(err, syscall.EMFILE) {
				return err
			}
			report(failure(listener, lab.Accept, err))
			if makeRoom {
				s.abortIdlest()
			}
			select {
			case <-ended:
			case <-ctx.Done():
			}
		}
	}
}

// failure reports a call that failed before there was a connection to report.
func failure(listener *lab.Listener, op lab.Op, err error) lab.Outcome {
	return lab.Outcome{Host: listener.Host().Name(), Op: op, Ending: harness.EndingOf(err), Error: err.Error()}
}

// takeDescriptors opens files until there is no descriptor left, and gives
// some of them back.
func takeDescriptors(leave int) (taken []*os.File, err error) {
	for {
		file, err := os.Open(os.DevNull)
		if errors.Is(err, syscall.EMFILE) && len(taken) >= leave {
			closeAll(taken[:leave])
			return taken[leave:], nil
		}
		if err != nil {
			return taken, err
		}
		taken = append(taken, file)
	}
}

func closeAll(files []*os.File) {
	for _, file := range files {
		file.Close()
	}
}

// sessions are open echo connections. The zero value has none.
type sessions struct {
	work sync.WaitGroup

	mu     sync.Mutex
	idlest []*lab.Conn   // in the order of their last use
	ended  chan struct{} // closed at the next end of one; nil if nobody asked
}

func (s *sessions) echo(c *lab.Conn, report func(lab.Outcome)) {
	defer s.end(c, report)
	buffer := make([]byte, 4096)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		s.use(c) // before the answer: the client that has it is not the idlest
		if _, err := c.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// use makes c the one that has been idle for the shortest.
func (s *sessions) use(c *lab.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idlest = append(s.without(c), c)
}

// end gives the descriptor of c back, unless that was done, and says so.
func (s *sessions) end(c *lab.Conn, report func(lab.Outcome)) {
	c.Close() // its error is in the outcome
	report(c.Outcome())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idlest = s.without(c)
	if s.ended != nil {
		close(s.ended)
		s.ended = nil
	}
}

// nextEnd returns a channel that is closed when the next connection has ended.
func (s *sessions) nextEnd() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended == nil {
		s.ended = make(chan struct{})
	}
	return s.ended
}

// abortIdlest aborts the connection that was not used for longest.
func (s *sessions) abortIdlest() {
	s.mu.Lock()
	idlest := s.idlest[0]
	s.mu.Unlock()
	idlest.Abort() // its error is in the outcome
}

func (s *sessions) without(c *lab.Conn) []*lab.Conn {
	return slices.DeleteFunc(s.idlest, func(other *lab.Conn) bool { return other == c })
}
