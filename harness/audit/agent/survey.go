package agent

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit"
)

// A Survey is what was learnt of a program with nothing in its way.
type Survey struct {
	// Command is the program, with what its output turned out to be.
	Command Command
	// Protocol has only the places that the program's conversations come by: a
	// GET without a body, for one, never is in the middle of it.
	Protocol audit.Protocol
	// Missing names the other places.
	Missing []string
}

// Survey performs every operation through a faultless proxy, in every shape
// that the protocol's places ask for. The error says why an audit would prove
// nothing: the program fails, or the origin does not see its calls.
func (c Command) Survey(
	ctx context.Context, p audit.Protocol, origin audit.Origin, operations ...audit.Operation,
) (*Survey, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	met := map[visit]bool{}
	for _, operation := range operations {
		t := c.try(ctx, p, origin, audit.Call{Operation: operation})
		if err := t.wrong(); err != nil {
			return nil, fmt.Errorf("%s: %w", operation, err)
		}
		c.Output = output(t.answer.Body, origin.Reply(t.call))
		t.note(met)
	}
	for _, t := range c.tryShapes(ctx, p, origin, operations) {
		t.note(met) // one that fails has not come by its places
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s := &Survey{Command: c}
	s.Protocol, s.Missing = narrow(p, met, operations)
	return s, nil
}

// tryShapes performs the operations in all shapes but the usual one.
func (c Command) tryShapes(
	ctx context.Context, p audit.Protocol, origin audit.Origin, operations []audit.Operation,
) (tried []*tried) {
	var shapes []string
	for _, place := range p.Places() {
		if place.Shape != "" && !slices.Contains(shapes, place.Shape) {
			shapes = append(shapes, place.Shape)
		}
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	for _, shape := range shapes {
		all.Go(func() {
			for _, operation := range operations {
				t := c.try(ctx, p, origin, audit.Call{Operation: operation, Shape: shape})
				mu.Lock()
				tried = append(tried, t)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return tried
}

// A visit is a place that a conversation comes by.
type visit struct {
	place     string
	operation audit.Operation
}

// tried is one call with nothing in its way.
type tried struct {
	call    audit.Call
	answer  audit.Answer
	account audit.Account
	places  []string
	err     error // of the survey itself
}

func (t *tried) note(met map[visit]bool) {
	for _, place := range t.places {
		met[visit{place, t.call.Operation}] = true
	}
}

func (t *tried) wrong() error {
	switch {
	case t.err != nil:
		return t.err
	case t.answer.Unimplemented:
		return errors.New("the agent says that it cannot perform it")
	case t.answer.Err != nil:
		return fmt.Errorf("the agent fails with nothing in its way: %w", t.answer.Err)
	case len(t.places) == 0:
		return errors.New("the agent reports success and did not talk to the server: does it use {url}, or {address} and {id}?")
	case t.account.Executed == 0:
		return errors.New("the agent reports success, and the server says that it has executed nothing")
	case t.account.Executed > 1:
		return fmt.Errorf("with nothing in its way the agent had its call executed %d times", t.account.Executed)
	}
	return nil
}

// try performs one call through a proxy that has nothing but a watcher.
func (c Command) try(ctx context.Context, p audit.Protocol, origin audit.Origin, call audit.Call) *tried {
	call.ID = newID()
	t := &tried{call: call}
	var mu sync.Mutex // connections are watched concurrently
	proxy, err := harness.StartProxy(origin.Addr(), harness.Options{Watch: func(int) harness.Watcher {
		watcher := p.Watch()
		return func(toward harness.Party, b []byte) *harness.Cut {
			mu.Lock()
			defer mu.Unlock()
			for _, m := range watcher.See(toward, b) {
				t.places = append(t.places, m.Place)
			}
			return nil
		}
	}})
	if err != nil {
		t.err = err
		return t
	}
	t.call.Address = proxy.Addr()
	c.Output = Data // as it is
	client := &client{command: c}
	t.answer = client.Do(ctx, t.call)
	if t.err = cmp.Or(client.Close(), proxy.Close()); t.err != nil {
		return t
	}
	if t.account, t.err = origin.Account(ctx, t.call); t.err != nil {
		t.err = fmt.Errorf("ask the origin: %w", t.err)
	}
	if settler, ok := origin.(audit.Settler); ok {
		settler.Forget(netip.AddrFrom4([4]byte{127, 0, 0, 1}), t.call)
	}
	return t
}

// narrowed is a protocol with some of its places.
type narrowed struct {
	audit.Protocol
	places []audit.Place
}

func (n narrowed) Places() []audit.Place { return n.places }

// narrow leaves out the places that were not met. A pooled connection is not
// for a program that is run once for each call.
func narrow(p audit.Protocol, met map[visit]bool, operations []audit.Operation) (audit.Protocol, []string) {
	n := narrowed{Protocol: p}
	var missing []string
	for _, place := range p.Places() {
		if place.Primed || place.Idle || slices.Equal(place.Fits, []audit.Fault{audit.Refuse}) {
			n.places = append(n.places, place) // a watcher never meets them
			continue
		}
		var here, not []audit.Operation
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
func named(operations []audit.Operation, all bool) string {
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
	case bytes.Equal(wrote, slices.Concat(reply, []byte("\n"))), bytes.Equal(wrote, slices.Concat(reply, []byte("\r\n"))):
		return Line
	}
	return Ignored
}

// newID makes an id as audits make them.
func newID() string {
	const letters = "0123456789abcdefghijklmnopqrstuvwxyz"
	id := []byte("try-_________")
	for i := 4; i < len(id); i++ {
		id[i] = letters[rand.IntN(len(letters))]
	}
	return string(id)
}
