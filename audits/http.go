package audits

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
	"github.com/resetlab/resetlab/harness/audit/subjects"
)

// operations are a GET, a PUT with an Idempotency-Key, and a POST without.
var operations = audit.Options{Operations: point.Operations()}

// overHTTP makes subjects of what is a client of net/http.
func overHTTP(open func() *http.Client) func(SpecContext) audit.Subject {
	return func(SpecContext) audit.Subject { return subjects.HTTP("", started(origins.StartHTTP()), open) }
}

// An exchanger performs HTTP requests; its close gives back its connections.
type exchanger struct {
	do    func(context.Context, httpRequest) (status int, body []byte, err error)
	close func()
}

// An httpRequest is what a call is over HTTP.
type httpRequest struct {
	method, url string
	key         string // the Idempotency-Key; empty is none
	body        string
}

// exchanging makes subjects of other clients of HTTP/1.1.
func exchanging(open func(audit.Target) exchanger) func(SpecContext) audit.Subject {
	return func(SpecContext) audit.Subject {
		origin := started(origins.StartHTTP())
		return audit.Subject{
			Protocol: protocols.HTTP1(), Origin: origin, Pooled: true,
			Open: func(_ context.Context, to audit.Target) (audit.Client, error) {
				return httpClient{origin, open(to)}, nil
			},
		}
	}
}

type httpClient struct {
	origin *origins.HTTP
	exchanger
}

func (h httpClient) Do(ctx context.Context, c audit.Call) audit.Answer {
	if c.Shape == "pipelined" {
		return audit.Answer{Unimplemented: true}
	}
	status, body, err := h.do(ctx, requestFor(h.origin, c))
	if err == nil && status/100 != 2 {
		err = fmt.Errorf("status %d", status)
	}
	return audit.Answer{Body: body, Err: err}
}

func requestFor(origin *origins.HTTP, c audit.Call) httpRequest {
	switch c.Operation {
	case point.Read:
		return httpRequest{method: http.MethodGet, url: origin.URL(c)}
	case point.Idempotent:
		return httpRequest{http.MethodPut, origin.URL(c), c.ID, "operation " + c.ID}
	}
	return httpRequest{method: http.MethodPost, url: origin.URL(c), body: "operation " + c.ID}
}

func (h httpClient) Close() error {
	h.close()
	return nil
}

// inSession makes a subject of a program that performs the calls of all cells in
// one session, a thread each: starting it takes as long as a hundred calls. A
// cell has an address, and so connections in the program's pool, of its own.
func inSession(ctx SpecContext, program ...string) audit.Subject {
	origin := started(origins.StartHTTP())
	command := agent.Command{Args: program, Session: true, Reply: origin.Reply, URL: origin.URL}
	session := started(command.Open(ctx, audit.Target{Address: origin.Addr()})).(suspender)
	first := session.Do(ctx, audit.Call{ID: "first", Operation: point.Read, Address: origin.Addr()})
	Expect(first.Err).NotTo(HaveOccurred()) // no cell is to wait until it has started
	shared := &sharedSession{suspender: session}
	return audit.Subject{
		Protocol: protocols.HTTP1(), Origin: origin, Pooled: true, Suspends: true,
		Open: func(context.Context, audit.Target) (audit.Client, error) { return &borrowed{shared}, nil },
	}
}

// A suspender is a client that can be kept from running for a moment.
type suspender interface {
	audit.Client
	Suspend() error
	Resume() error
}

// A sharedSession is a program that performs the calls of all cells. It is stopped
// while any of them wants that: the others see a client that is slow for a moment.
type sharedSession struct {
	suspender

	mu      sync.Mutex // guards the rest
	stopped int        // how many cells want it stopped
}

// A borrowed session is what one cell has of it.
type borrowed struct{ of *sharedSession }

func (b *borrowed) Do(ctx context.Context, c audit.Call) audit.Answer {
	return b.of.suspender.Do(ctx, c)
}

// Close leaves the program to the other cells.
func (b *borrowed) Close() error { return nil }

// Suspend stops the program, unless another cell has.
func (b *borrowed) Suspend() error {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	b.of.stopped++
	if b.of.stopped > 1 {
		return nil
	}
	return b.of.suspender.Suspend()
}

// Resume lets it go on, unless another cell wants it stopped.
func (b *borrowed) Resume() error {
	b.of.mu.Lock()
	defer b.of.mu.Unlock()
	b.of.stopped--
	if b.of.stopped > 0 {
		return nil
	}
	return b.of.suspender.Resume()
}
