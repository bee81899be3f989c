package agent

import (
	"bytes"
	"context"
	"crypto/rand"
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

// A session is a program that performs the calls of one cell.
type session struct {
	command Command
	healthy string
	process *process
	calls   *os.File // what it reads them from
	answers *answers
	stop    context.CancelFunc // SIGTERM, and SIGKILL when the grace is over
	ended   chan struct{}      // closed when nothing of it runs any more
	err     error              // how it ended; to be read then
	gaveUp  atomic.Bool        // a call's time was over before its answer came
	writing sync.Mutex
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

// openSession starts the program.
func (c Command) openSession(ctx context.Context, to audit.Target) (audit.Client, error) {
	told, err := c.tellTarget(to)
	if err != nil {
		return nil, err
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	defer theirs.Close()
	// The cell's context ends its calls. What the program does then is seen, and
	// it is ended by Close.
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &session{
		command: c, healthy: to.Healthy, process: c.process(rand.Text()), calls: ours,
		answers: newAnswers(), stop: stop, ended: make(chan struct{}),
	}
	s.process.stdin, s.process.stdout = theirs, s.answers
	err = s.process.start(ctx, c.Args[0], told.in(c.Args[1:]), c.environment(told, s.process.mark))
	if err != nil {
		stop()
		return nil, errors.Join(err, ours.Close())
	}
	go func() {
		s.err = s.process.wait(ctx)
		close(s.ended)
	}()
	return s, nil
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
	s.write(line)
	select {
	case a := <-answered:
		return s.answer(a, call)
	case <-s.answers.violated:
		return audit.Answer{Err: s.answers.violation()}
	case <-s.ended:
	case <-ctx.Done():
		s.gaveUp.Store(true)
		return audit.Answer{Err: fmt.Errorf("given up by the audit: %w", context.Cause(ctx))}
	}
	select {
	case a := <-answered: // the last thing it said
		return s.answer(a, call)
	default:
		return audit.Answer{Err: s.gone(), Opaque: true}
	}
}

// write writes a call. A program that has ended or does not read shows by the
// answer that does not come; a pipe has room for more calls than a cell makes.
func (s *session) write(line []byte) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.calls.Write(line)
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
	s.calls.Close() // a write that is stuck in it ends, too
	select {
	case <-s.ended:
	case <-time.After(2 * s.command.grace()): // its own, and that of its children
	}
	s.stop()
	<-s.ended
	return s.answers.violation()
}

// Left names what the program left behind; it is an audit.Leaver's. What a call
// that was given up has left running was the audit's to end.
func (s *session) Left() []string {
	if s.gaveUp.Load() {
		return nil
	}
	return s.process.leaks()
}

// line is what a program is told of a call.
func (c Command) line(call audit.Call) ([]byte, error) {
	told, err := c.tell(call)
	if err != nil {
		return nil, err
	}
	members := map[string]string{}
	for _, p := range told {
		members[p.name] = p.value
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false) // a program may look for its URL without a parser
	err = encoder.Encode(members)
	return line.Bytes(), err
}
