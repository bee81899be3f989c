package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// A Survey is what was learnt of a program with nothing in its way.
type Survey struct {
	// Subject has the program as its client, and of the protocol's places those
	// that the program's conversations come by: a GET without a body, for one,
	// never is in the middle of it.
	Subject audit.Subject
	// Command is the agent's, as it is run there.
	Command Command
	// Output is what its standard output turned out to be.
	Output Output
	// Missing names the places that it does not come by.
	Missing []string
	// Nameless are the operations in whose requests the call's id was not seen: no
	// fault would strike them, and their places are missing.
	Nameless []point.Operation
	// Varying are the operations of which two calls were not alike in their turns,
	// where those tell a [point.Learner] where requests and replies end.
	Varying []point.Operation
}

// Survey performs every operation without a fault, in every shape that the
// protocol's places ask for. The subject's Open is the command's own. The error
// says why an audit would prove nothing: the program fails, or the origin does
// not see its calls. Where a toxiproxy-server strikes no place is left out: those
// are bytes.
func (c Command) Survey(
	ctx context.Context, s audit.Subject, l audit.Limits, operations ...point.Operation,
) (*Survey, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	room, _, err := s.Fit(runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, err
	}
	met := map[visit]bool{}
	c.costs = &costs{}
	rehearse := func(s audit.Subject, operation point.Operation) (audit.Rehearsal, error) {
		r, err := audit.Rehearse(ctx, s, operation, point.Place{}, l)
		c.costs.started(r.Start)
		return r, err
	}
	survey := &Survey{Varying: c.learnTurns(&s, operations, rehearse)}
	learnt, err := c.learn(s, survey, met, operations, rehearse)
	if err != nil {
		return nil, err
	}
	c.Output = Data // as it is
	s.Open = c.Open
	shapes, err := rehearseShapes(ctx, s, l, room, operations)
	if err != nil {
		return nil, err
	}
	if s.Origin, err = c.sample(s, operations, shapes, rehearse); err != nil {
		return nil, err
	}
	c.Reply = s.Origin.Reply
	survey.Subject, survey.Output = s, learnt
	if survey.Subject.Protocol, survey.Missing, err = c.visited(ctx, s, l, met, shapes, operations); err != nil {
		return nil, err
	}
	survey.Subject.Suspends, survey.Subject.Cost = true, c.costs.measured()
	c.Output, c.costs = learnt, nil
	survey.Command, survey.Subject.Open = c, c.Open
	return survey, nil
}

// visited is the protocol with the places that the program's conversations come
// by, and the names of the others. Bytes are no places: they are all there.
func (c Command) visited(
	ctx context.Context, s audit.Subject, l audit.Limits, met map[visit]bool, shapes []audit.Rehearsal,
	operations []point.Operation,
) (point.Protocol, []string, error) {
	if s.Remote != nil {
		return s.Protocol, nil, nil
	}
	for _, r := range shapes {
		note(met, r) // one that fails has not come by its places
	}
	if err := c.rehearsePooled(ctx, s, l, met, operations); err != nil {
		return nil, nil, err
	}
	protocol, missing := narrow(s, met, operations)
	return protocol, missing, nil
}

// learn performs each operation, notes the places it comes by and whether its
// requests have an id, and finds out what the standard output is.
func (c Command) learn(
	s audit.Subject, survey *Survey, met map[visit]bool, operations []point.Operation,
	rehearse func(audit.Subject, point.Operation) (audit.Rehearsal, error),
) (Output, error) {
	c.Output = Data // as it is
	s.Open = c.Open
	learnt := Data
	var counts Uncounted
	for _, operation := range writesFirst(operations) {
		r, err := rehearse(s, operation)
		if err == nil {
			err = c.wrong(r)
		}
		if r.Nameless {
			survey.Nameless = append(survey.Nameless, operation)
		}
		if errors.Is(err, errUncounted) {
			counts.Nameless = r.Nameless && (counts.Nameless || len(counts.Operations) == 0)
			counts.Operations = append(counts.Operations, operation)
			continue
		}
		counts.Counted = append(counts.Counted, operation)
		if err != nil {
			return learnt, fmt.Errorf("%s: %w", operation, err)
		}
		if reply := s.Origin.Reply(r.Call); reply != nil && learnt == Data {
			learnt = output(r.Answer.Body, reply)
		}
		note(met, r)
	}
	if len(counts.Operations) > 0 {
		return learnt, &counts
	}
	return learnt, nil
}

// rehearseShapes performs the operations in all shapes but the usual one, where they
// have places.
func rehearseShapes(
	ctx context.Context, s audit.Subject, l audit.Limits, atOnce int, operations []point.Operation,
) (list []audit.Rehearsal, err error) {
	var shapes []string
	for _, place := range s.Protocol.Places() {
		if s.Remote == nil && place.Shape != "" && !slices.Contains(shapes, place.Shape) {
			shapes = append(shapes, place.Shape)
		}
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	room := make(chan struct{}, atOnce)
	for _, shape := range shapes {
		all.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			for _, operation := range operations {
				r, broken := audit.Rehearse(ctx, s, operation, point.Place{Shape: shape}, l)
				mu.Lock()
				list, err = append(list, r), errors.Join(err, broken)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return list, err
}

// rehearsePooled performs the operations on connections that were used before,
// and notes the places on those, if the program has them.
func (c Command) rehearsePooled(
	ctx context.Context, s audit.Subject, l audit.Limits, met map[visit]bool, operations []point.Operation,
) error {
	if !s.Pooled {
		return nil
	}
	for _, operation := range operations {
		r, err := audit.Rehearse(ctx, s, operation, point.Place{Primed: true}, l)
		if err == nil {
			err = c.wrong(r)
		}
		if err != nil {
			return fmt.Errorf("%s as the second call: %w", operation, err)
		}
		for _, p := range s.Protocol.Places() {
			if r.Reused && (p.Idle || p.Primed && slices.Contains(r.Places, p.ID)) {
				met[visit{p.ID, operation}] = true
			}
		}
	}
	return nil
}

// A visit is a place that a conversation comes by.
type visit struct {
	place     string
	operation point.Operation
}

func note(met map[visit]bool, r audit.Rehearsal) {
	for _, place := range r.Places {
		met[visit{place, r.Call.Operation}] = true
	}
}

// wrong says why a rehearsal forbids an audit.
func (c Command) wrong(r audit.Rehearsal) error {
	hint := ""
	if c.Session {
		hint = ": does it flush its standard output behind each line?"
	}
	switch {
	case !r.Returned:
		return errors.New("the agent does not come back, with nothing in its way" + hint)
	case r.Answer.Unimplemented:
		return errors.New("the agent says that it cannot perform it")
	case r.Answer.Err != nil:
		return fmt.Errorf("the agent fails with nothing in its way: %w", r.Answer.Err)
	case len(r.Places) == 0 && !r.Nameless:
		return errors.New("the agent reports success and did not talk to the server:" +
			" does it use {url}, or {address} and {id}?")
	case r.Account.Executed == 0:
		return errUncounted
	case r.Account.Executed > 1:
		return fmt.Errorf("with nothing in its way the agent had its call executed %d times", r.Account.Executed)
	}
	return nil
}

// narrowed is a protocol with some of its places.
type narrowed struct {
	point.Protocol
	places []point.Place
}

func (n narrowed) Places() []point.Place { return n.places }

// narrow leaves out the places that were not met. A pooled connection is not
// for a program that is run once for each call.
func narrow(s audit.Subject, met map[visit]bool, operations []point.Operation) (point.Protocol, []string) {
	n := narrowed{Protocol: s.Protocol}
	var missing []string
	for _, place := range s.Protocol.Places() {
		if (place.Primed || place.Idle) && !s.Pooled || slices.Equal(place.Fits, []point.Fault{point.Refuse}) {
			n.places = append(n.places, place) // a watcher never meets them
			continue
		}
		var here, not []point.Operation
		for _, o := range operations {
			switch {
			case len(place.Operations) > 0 && !slices.Contains(place.Operations, o):
			case met[visit{place.ID, o}]:
				here = append(here, o)
			default:
				not = append(not, o)
			}
		}
		if len(here) > 0 {
			place.Operations = here
			n.places = append(n.places, place)
		}
		if len(not) > 0 {
			missing = append(missing, place.ID+named(not, len(here) == 0))
		}
	}
	return n, missing
}

// named lists operations in parentheses, unless they are all.
func named(operations []point.Operation, all bool) string {
	if all {
		return ""
	}
	var names []string
	for _, o := range operations {
		names = append(names, string(o))
	}
	return " (" + strings.Join(names, ", ") + ")"
}

// output says what a program writes that was given a complete reply.
func output(wrote, reply []byte) Output {
	switch {
	case reply == nil || bytes.Equal(wrote, reply):
		return Data
	case bytes.Equal(bytes.TrimSuffix(bytes.TrimSuffix(wrote, []byte("\n")), []byte("\r")), reply):
		return Line
	}
	return Ignored
}
