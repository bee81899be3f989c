package audit

import (
	"context"
	"net/netip"
)

// An Origin is the server behind the proxy and the truth about what it has
// executed. Package origins has some that need nothing else; [Upstream] makes
// one of any server. It can have more methods:
//
//	Settle(ctx context.Context, source netip.Addr, connections int) error
//	Forget(source netip.Addr, calls ...Call)
//
// are of an origin that knows when it is done with connections. Settle waits until
// this many from source have come and have been served, or the context ends.
// Forget forgets the calls and connections of a source.
//
//	Sampled(c Call) bool
//
// is of one whose replies may be samples, and says whether Reply returns one for
// this call: what another call has returned with nothing in its way. Data that
// begin as a sample and end early are cut; other data may be the server's doing.
type Origin interface {
	// Addr is the address, host:port, of its listener.
	Addr() string
	// Account says how often a call was executed. It waits until the origin is
	// done with what it has received, if it can know that.
	Account(ctx context.Context, c Call) (Account, error)
	// Reply returns what a client gets that receives the complete reply to a
	// call, without framing; nil if that is not known.
	Reply(c Call) []byte
}

// An Account is what an origin did for one call.
type Account struct {
	Executed  int // how often it was executed; -1 if the origin does not count such operations
	Discarded int // how many repeated requests it recognised and did not execute
}

// A settler is an [Origin] that knows when it is done with connections.
type settler interface {
	Settle(ctx context.Context, source netip.Addr, connections int) error
	Forget(source netip.Addr, calls ...Call)
}

// reply is the complete reply to a call, and whether it is a sample.
func (r *run) reply(c Call) (want []byte, sampled bool) {
	sampler, ok := r.subject.Origin.(interface{ Sampled(Call) bool })
	return r.subject.Origin.Reply(c), ok && sampler.Sampled(c)
}

// Upstream is any server that counts for itself: executed returns how often
// the operation with this id has been executed so far. It is asked when
// everything that concerns the operation is over.
func Upstream(address string, executed func(ctx context.Context, id string) (int, error)) Origin {
	return upstream{address, executed}
}

type upstream struct {
	address  string
	executed func(ctx context.Context, id string) (int, error)
}

func (u upstream) Addr() string { return u.address }

func (u upstream) Account(ctx context.Context, c Call) (Account, error) {
	n, err := u.executed(ctx, c.ID)
	return Account{Executed: n}, err
}

func (u upstream) Reply(Call) []byte { return nil }
