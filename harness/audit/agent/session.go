package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
)

// A session is a program that performs the calls of one cell. It is started
// with the first of them.
type session struct {
	command Command
	values  placeholders // of the start
	healthy string
	begun   chan struct{} // closed when the program has taken its first call; nil before there is one
	answers *answers
	gaveUp  atomic.Bool // a call's time was over before its answer came

	present

	mu      sync.Mutex // guards the rest, which is there once the program is started
	process *process
	calls   *os.File           // what it reads them from
	stop    context.CancelFunc // SIGTERM, and SIGKILL when the grace is over
	ended   chan struct{}      // closed when nothing of it runs any more
	err     error              // how it ended; to be read then
}

// checkSession says which placeholder has no value when the program is started.
func (c Command) checkSession() error {
	for _, arg := range c.Args[1:] {
		for _, name := range []string{"url", "healthy_url", "id", "operation", "method", "shape"} {
			if strings.Contains(arg, "{"+name+"}") {
				return fmt.Errorf("agent: %q: {%s} is of a call, and a session is started before: "+
					"it reads %q from each line of its standard input", arg, name, name)
			}
		}
	}
	return nil
}

// openSession prepares a session.
func (c Command) openSession(to audit.Target) (audit.Client, error) {
	values, err := c.placeholdersOf(to)
	if err != nil {
		return nil, err
	}
	return &session{command: c, values: values, healthy: to.Healthy, answers: newAnswers()}, nil
}

// Starts says that the first call loads the program; see audit.Client.
func (s *session) Starts(audit.Call) (bool, <-chan struct{}) {
	if s.begun != nil {
		return false, nil
	}
	s.begun = make(chan struct{})
	return true, s.begun
}

// start starts the program, unless it has been.
func (s *session) start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process != nil {
		return nil
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("agent: %w", err)
	}
	defer theirs.Close()
	// The call's context ends the call. What the program does then is seen, and
	// it is ended by Close.
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	p := s.command.process()
	p.stdin, p.stdout = theirs, s.answers
	err = p.start(ctx, s.command.command(s.values), s.command.environment(s.values))
	if err != nil {
		stop()
		return errors.Join(err, ours.Close())
	}
	s.process, s.calls, s.stop, s.ended = p, ours, stop, make(chan struct{})
	s.present.set(p.program)
	go func() {
		s.err = p.wait(ctx)
		close(s.ended)
	}()
	return nil
}

// Do hands the call over and awaits its answer. A call that is given up is not
// taken back: the program goes on, as a client does that hangs, and the next
// call shows what became of its pool.
func (s *session) Do(ctx context.Context, call audit.Call) audit.Answer {
	call.Healthy = s.healthy
	line, err := s.command.line(call)
	if err != nil {
		return audit.Answer{Err: err}
	}
	answered, err := s.answers.expect(call.ID)
	if err != nil {
		return audit.Answer{Err: err}
	}
	if err := s.start(ctx); err != nil {
		return audit.Answer{Unable: err}
	}
	s.calls.Write(line) // a program that has ended or does not read shows by the answer that does not come
	taking, taken := context.WithCancel(ctx)
	defer taken()
	go s.awaitTaken(taking)
	select {
	case a := <-answered:
		return s.answer(a, call)
	case <-s.answers.violated:
		return audit.Answer{Err: s.answers.violation()}
	case <-s.ended:
	case <-ctx.Done():
	}
	select {
	case a := <-answered: // the last thing it said, or what it said just in time
		return s.answer(a, call)
	default:
	}
	if ctx.Err() != nil {
		s.gaveUp.Store(true)
		return audit.Answer{Err: fmt.Errorf("given up by the audit: %w", context.Cause(ctx))}
	}
	return audit.Answer{Err: s.gone(), Opaque: true, Done: s.process.done}
}

// awaitTaken waits until the program has read its first call: until then it was
// being loaded.
func (s *session) awaitTaken(ctx context.Context) {
	if s.begun == nil {
		return // nobody asked
	}
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !taken(s.calls) {
		select { // a pipe has no event for having been read
		case <-tick.C:
		case <-s.ended:
			return
		case <-ctx.Done():
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.begun:
	default:
		close(s.begun)
	}
}

// answer makes an Answer of what the program answered.
func (s *session) answer(a answerLine, call audit.Call) audit.Answer {
	answer := s.command.stating(a.statement, call)
	if a.Body != nil {
		answer.Body = s.command.returned([]byte(*a.Body))
	}
	if !*a.OK && !a.Unimplemented {
		answer.Err = explained(noSuccess(), a.Error, nil)
	}
	return answer
}

// gone says how the program ended in the middle of a call.
func (s *session) gone() error {
	err := errors.New("the program has ended and did not answer")
	if s.err != nil {
		err = fmt.Errorf("the program has ended and did not answer: %w", s.err)
	}
	return explained(err, "", s.process.stderr.tail)
}

// Close ends the program with its standard input, or, if it goes on, with
// signals. The error says that it did not keep to the protocol.
func (s *session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return nil
	}
	s.calls.Close() // a write that is stuck in it ends, too
	select {
	case <-s.ended:
	case <-time.After(2 * s.command.grace()): // its own, and that of its children
	}
	s.stop()
	<-s.ended
	return s.answers.violation()
}

// Left names what the program left behind: see audit.Client. What a call that was given up has left running was the audit's to end.
func (s *session) Left() []string {
	if s.gaveUp.Load() || s.process == nil {
		return nil
	}
	return s.process.leaks()
}

// line is what a program is told of a call.
func (c Command) line(call audit.Call) ([]byte, error) {
	values, err := c.placeholders(call)
	if err != nil {
		return nil, err
	}
	members := map[string]string{}
	for _, p := range values {
		members[p.name] = p.value
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false) // a program may look for its URL without a parser
	err = encoder.Encode(members)
	return line.Bytes(), err
}
