package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
)

// A Handler serves one connection and decides how it ends. Its context ends
// when the server is closed, and with it every call on the connection. When
// it returns without having closed the connection the server closes it.
type Handler func(ctx context.Context, c *Conn)

// A Server is a toy server that is running.
type Server interface {
	// Addr returns the address, host:port, that clients connect to.
	Addr() string
	// Outcomes gives what the server saw of each connection, when it is over,
	// and is closed when the server is.
	Outcomes() <-chan Outcome
	// Close ends the server and its connections and returns when nothing of it
	// is left. It returns what went wrong in it, panics of handlers included.
	Close() error
}

// outcomesKept is how many outcomes nobody has asked for yet; connections
// beyond wait with theirs.
const outcomesKept = 1024

// acceptor is the Server that accepts for a Handler.
type acceptor struct {
	listener *Listener
	handle   Handler
	outcomes chan Outcome
	ctx      context.Context
	cancel   context.CancelFunc
	work     sync.WaitGroup
	once     sync.Once
	result   error

	mu       sync.Mutex
	breakage []error
}

// Serve starts a server at h that handles each connection with handle, in a
// goroutine of its own. The lab closes it.
func Serve(h *Host, handle Handler) (Server, error) {
	if handle == nil {
		return nil, fmt.Errorf("serve at %s: handler is nil: want a function", h.name)
	}
	listener, err := h.Listen(context.Background())
	if err != nil {
		return nil, err
	}
	return ServeListener(listener, handle), nil
}

// ServeListener is Serve on a listener that is there already, which the
// server closes. The handler must not be nil.
func ServeListener(listener *Listener, handle Handler) Server {
	s := &acceptor{listener: listener, handle: handle, outcomes: make(chan Outcome, outcomesKept)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.work.Go(s.accept)
	listener.host.lab.Own(s)
	return s
}

func (s *acceptor) accept() {
	for {
		conn, err := s.listener.Accept(s.ctx)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			s.broke(fmt.Errorf("accept at %s: %w", s.Addr(), err))
			return
		}
		s.work.Go(func() { s.serve(conn) })
	}
}

// serve lets the handler handle, whatever it does.
func (s *acceptor) serve(conn *Conn) {
	defer func() {
		if reason := recover(); reason != nil {
			s.broke(fmt.Errorf("handler of %s panicked: %v\n%s", s.Addr(), reason, debug.Stack()))
			conn.Abort()
		}
		conn.Close() // its error is in the outcome
		select {
		case s.outcomes <- conn.Outcome():
		case <-s.ctx.Done():
			select { // a server that is being closed still delivers what fits
			case s.outcomes <- conn.Outcome():
			default:
			}
		}
	}()
	s.handle(s.ctx, conn)
}

func (s *acceptor) broke(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.breakage = append(s.breakage, err)
}

func (s *acceptor) Addr() string { return s.listener.Addr() }

func (s *acceptor) Outcomes() <-chan Outcome { return s.outcomes }

func (s *acceptor) Close() error {
	s.once.Do(func() {
		err := s.listener.Close()
		s.cancel()
		s.work.Wait()
		close(s.outcomes)
		s.result = errors.Join(append(s.breakage, err)...)
	})
	return s.result
}
