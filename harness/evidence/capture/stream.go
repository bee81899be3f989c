package capture

import (
	"context"
	"io"
	"sync"
	"time"
)

// A Stream hands over the facts of one source, in the order in which it came to
// know them. It may be used by several goroutines at the same time. It must be
// closed.
type Stream[F any] struct {
	source source[F]
	ready  chan struct{} // has room for one: something may have come

	once   sync.Once
	mu     sync.Mutex // guards the rest
	closed bool
	last   Status // of a closed one
	err    error
}

// A source is what is behind a Stream.
type source[F any] interface {
	// take returns what has come since the last time.
	take() []F
	// status says what the source has seen so far.
	status() Status
	// finish ends the source and returns the rest: all that happened before is
	// in it, or in the status's gaps.
	finish() ([]F, Status, error)
}

// newStream makes the stream of a source, which calls arrived when something
// has come.
func newStream[F any]() *Stream[F] { return &Stream[F]{ready: make(chan struct{}, 1)} }

// arrived wakes who waits.
func (s *Stream[F]) arrived() {
	select {
	case s.ready <- struct{}{}:
	default:
	}
}

// Next waits for facts and returns those that have come since the last time. Its
// error is io.EOF behind Close, or the context's.
func (s *Stream[F]) Next(ctx context.Context) ([]F, error) {
	for {
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			s.arrived() // others may wait, too
			return nil, io.EOF
		}
		facts := s.source.take()
		s.mu.Unlock()
		if len(facts) > 0 {
			return facts, nil
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Status says what the stream has seen so far.
func (s *Stream[F]) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return s.last
	}
	return s.source.status()
}

// Close ends the stream and returns the facts that nobody has taken yet: all
// that happened before is in them, or a gap of the status says why not. A second
// Close returns no facts.
func (s *Stream[F]) Close() (rest []F, status Status, err error) {
	s.once.Do(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		rest, s.last, s.err = s.source.finish()
		s.closed = true
	})
	s.arrived()
	return rest, s.last, s.err
}

// A Feed is a source whose facts somebody else brings, such as the calls that an
// application notes. It may be used by several goroutines at the same time.
type Feed[F any] struct {
	*Stream[F]
	most int

	mu     sync.Mutex // guards the rest
	facts  []F
	closed bool
	seen   coverage
}

// NewFeed makes a feed that holds at most so many facts which nobody has taken.
func NewFeed[F any](most int) *Feed[F] {
	f := &Feed[F]{Stream: newStream[F](), most: most, seen: begin(time.Now())}
	f.Stream.source = feedSource[F]{f}
	return f
}

// Push adds a fact. One that finds no room is lost, which the status tells.
func (f *Feed[F]) Push(fact F) {
	f.mu.Lock()
	if len(f.facts) == f.most || f.closed {
		f.seen.lose(1, time.Now(), "the facts were not taken in time")
	} else {
		f.facts = append(f.facts, fact)
		f.seen.prove(time.Now())
	}
	f.mu.Unlock()
	f.arrived()
}

// A feedSource is a Feed as the source of its stream.
type feedSource[F any] struct{ feed *Feed[F] }

func (s feedSource[F]) take() []F {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	facts := s.feed.facts
	s.feed.facts = nil
	return facts
}

func (s feedSource[F]) status() Status {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	s.feed.seen.prove(time.Now())
	return s.feed.seen.status()
}

func (s feedSource[F]) finish() ([]F, Status, error) {
	status, facts := s.status(), s.take()
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	s.feed.closed = true
	return facts, status, nil
}
