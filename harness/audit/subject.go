package audit

import (
	"context"
	"crypto/tls"
	"net/netip"
	"time"

	"github.com/resetlab/resetlab/harness/audit/point"
)

// A Subject is a client to be audited, and what it needs to be audited with.
type Subject struct {
	// Name is what reports call the client.
	Name string
	// Protocol names the places at which faults strike.
	Protocol point.Protocol
	// Origin executes what the client asks for, and counts.
	Origin Origin
	// Source is the address from which the origin is connected to. Zero is the
	// kernel's choice, 127.0.0.1 on the loopback; origins that settle (see [Origin]) get an
	// address of its own for each cell there. Where its ports are used up, the cells
	// wait for TIME_WAIT to pass.
	Source netip.Addr
	// Open makes a fresh client, with a pool of its own if it has one. It is
	// called once a cell and must not connect yet.
	Open func(ctx context.Context, to Target) (Client, error)
	// Pooled says that a client keeps connections for later calls. Without it
	// the places on such connections are left out.
	Pooled bool
	// Backends says that a client turns to Target.Healthy when Target.Address
	// fails. Without it the repetition Backend is left out.
	Backends bool
	// Suspends says that the clients can be suspended: see [Client]. Without it
	// the fault DataRST is left out, and RST strikes behind data at a distance that is
	// chance.
	Suspends bool
	// Match says whether a request is one that faults strike, by what has been
	// seen of it. Nil means those that contain the call's id, and all where the
	// protocol does not show requests.
	Match func(request []byte, c Call) bool
	// Nth strikes only from the n-th such request on. Zero means the first.
	Nth int
	// Cost bounds how many clients are loaded at once. Package agent
	// measures it. Zero means that nothing has to be loaded.
	Cost Cost
	// TLS, if not nil, is what is spoken with clients, by the proxy: plain text
	// is spoken with the origin. [Authority.Server] makes one. The protocol then
	// has places in the handshake, and the fault CloseNote.
	TLS *tls.Config
	// Remote, if not nil, is the toxiproxy-server that strikes, one cell after the
	// other. Nil means that this process does, as a proxy.
	Remote *Remote
}

// protocol is the protocol that clients see.
func (s Subject) protocol() point.Protocol {
	if s.TLS != nil {
		return overTLS{s.Protocol}
	}
	return s.Protocol
}

// multiplexed is the protocol inside if it has streams that end alone, or nil.
func (s Subject) multiplexed() point.Multiplexed {
	m, _ := s.Protocol.(point.Multiplexed)
	return m
}

// A Target is where a client finds the server in one cell.
type Target struct {
	Address string // host:port of the faulty proxy
	Healthy string // host:port of the healthy one; empty unless the repetition is Backend
}

// A Client is what is audited, in one cell. It can have more methods:
//
//	Starts(c Call) (starts bool, begun <-chan struct{})
//
// says whether a call that is not made yet will first load the client, as a
// program has to be. How long that takes says something of the machine and
// nothing of the client: [Limits.Start] bounds it, and only then [Limits.Time]
// begins. begun is closed when the client has begun with the call; nil means that
// only its first connection shows it.
//
//	Suspend() error
//	Resume() error
//
// keep it from running for a moment, as programs can be: then it gets data and a
// RST behind them at once. Suspend returns when nothing of it runs any more; what
// is started meanwhile need not be stopped.
//
//	RunDelay() time.Duration
//
// returns for how long it has been ready to run and was not run, as the kernel's
// run_delay (sched-stats.rst) of a program: that is not held against it. Of several
// threads it is the longest. It may begin at 0 again with each call.
//
//	Left() []string
//
// is called after Close and returns what the client has left behind, as
// [Answer].Leaks.
type Client interface {
	// Do performs the call with whatever retries are the client's own. It
	// should return when its context ends.
	Do(ctx context.Context, c Call) Answer
	// Close gives back what the client holds: connections, goroutines.
	Close() error
}

// A suspender is a [Client] that can be kept from running.
type suspender interface {
	Suspend() error
	Resume() error
}

// A scheduled client is a [Client] that can tell for how long it was ready to run
// and was not run.
type scheduled interface{ RunDelay() time.Duration }

// A leaver is a [Client] that can tell when it is closed what it has left behind.
type leaver interface{ Left() []string }

// Func is a client that holds nothing between two calls.
type Func func(ctx context.Context, c Call) Answer

// Do calls f.
func (f Func) Do(ctx context.Context, c Call) Answer { return f(ctx, c) }

// Close does nothing.
func (f Func) Close() error { return nil }

// A Call is one operation to perform.
type Call struct {
	ID        string // new for every call, always of the same length: [A-Za-z0-9-]
	Operation point.Operation
	Shape     string // the shape that the reply shall have: see point.Place
	Address   string // host:port to perform it at
	Healthy   string // another, healthy one; usually empty
	TLS       bool   // whether TLS is spoken there
}

// An Answer is what a client says of a call. Nothing of it counts as what
// the server did.
type Answer struct {
	// Body is the data that the client returned; nil if it does not return any.
	Body []byte
	// Err is the error it returned; nil is success.
	Err error
	// Ending is how the connection ended as far as the client tells, where Err
	// is not the client's own: the audit asks harness.EndingOf otherwise.
	Ending string
	// Unknown says that the client said that the outcome is unknown.
	Unknown bool
	// Unexecuted says that the client said that nothing was executed.
	Unexecuted bool
	// Opaque says that the client has no way to tell errors apart.
	Opaque bool
	// Unimplemented says that the client cannot perform such a call at all.
	Unimplemented bool
	// Unable is why the call could not be made at all, for no fault of the
	// client's: the machine has no process or descriptor left for it. Nil means
	// that it was made.
	Unable error
	// Done is when the client was done with the call, where Do does more than to
	// return then. Zero means when Do returned.
	Done time.Time
	// Leaks names what the client left behind, found by whoever ran it.
	Leaks []string
}

// Limits bound a cell. The zero value of each field is good.
type Limits struct {
	// Time is how long a client may take for a call. Zero means 10 s. It should
	// be longer than the time-outs of the client itself. Time in which the
	// machine does not run this process does not count, here and below.
	Time time.Duration
	// Start is how long a client that has to be loaded (see [Client]) may take
	// until it begins with a call. Zero means 60 s.
	Start time.Duration
	// Quiet is the least time without an attempt after which a client that has
	// retried is hung and does not retry any more. It is waited for longer if there
	// was more time than that between its attempts. Zero means half of Time.
	Quiet time.Duration
	// Attempts is how many attempts are a storm. Zero means 20.
	Attempts int
	// Late is how long after the last thing that happened on its connections a
	// client may tell its result, where the fault is not a stall. Zero means
	// half of Time.
	Late time.Duration
	// Stall is how long StallRST stalls, and how long an idle connection is
	// dead before the call. Zero means 50 ms.
	Stall time.Duration
	// Pause is how long point.Pause has the rest of a reply wait. A client whose own
	// time-out is shorter gives up, rightly. Zero means 500 ms.
	Pause time.Duration
}

func (l Limits) orDefaults() Limits {
	if l.Time <= 0 {
		l.Time = 10 * time.Second
	}
	if l.Start <= 0 {
		l.Start = time.Minute
	}
	if l.Quiet <= 0 {
		l.Quiet = l.Time / 2
	}
	if l.Attempts <= 0 {
		l.Attempts = 20
	}
	if l.Late <= 0 {
		l.Late = l.Time / 2
	}
	if l.Stall <= 0 {
		l.Stall = 50 * time.Millisecond
	}
	if l.Pause <= 0 {
		l.Pause = 500 * time.Millisecond
	}
	return l
}
