package audit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A remoteInjector strikes a cell by proxies at a toxiproxy-server, whose
// counters are all that is seen of the connections.
type remoteInjector struct {
	*run
	cell    point.Cell
	toxics  []toxiproxy.Toxic // of the proxy that is struck
	proxy   *toxiproxy.Proxy
	address string       // where the client reaches it
	refused bool         // connections to it are refused
	end     func() error // closes the client, and then this

	asked  bool // for tries
	before [2]passed
	since  time.Duration // when it was asked first, by the clock
}

func newRemoteInjector(t *trial) *remoteInjector {
	return &remoteInjector{run: t.run, cell: t.cell, toxics: toxicsFor(t.cell), end: t.close}
}

// atServer says where an error is from.
func atServer(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("toxiproxy-server: %w", err)
}

func (r *remoteInjector) open(context.Context) (target Target, err error) {
	if r.proxy, err = r.server.start(r.server.Listen, r.toxics); err != nil {
		return Target{}, atServer(err)
	}
	r.address, err = r.server.clientsAt(r.proxy.Listen)
	return Target{Address: r.address}, atServer(err)
}

func (r *remoteInjector) accepted() <-chan struct{} { return nil }

func (r *remoteInjector) begins() {}

func (r *remoteInjector) arm(ctx context.Context, _ Call, _ context.CancelFunc) error {
	if r.cell.Fault != point.Refuse {
		return nil // its toxics were there before the first connection
	}
	if err := r.proxy.Disable(); err != nil {
		return atServer(fmt.Errorf("stop listening: %w", err))
	}
	r.refused = refuses(ctx, r.address)
	return nil
}

// refuses says whether connections to an address are refused: something
// between, such as a container's port forwarding, may accept them.
func refuses(ctx context.Context, address string) bool {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err == nil {
		conn.Close()
	}
	return harness.EndingOf(err) == harness.Refused
}

// tries knows of a client that it tries again when one more of its connections
// has ended and been counted. How many there were before, nobody knows here.
func (r *remoteInjector) tries(ctx context.Context) (t tries, err error) {
	counted, err := r.server.get(ctx, "/metrics")
	if err != nil {
		return t, atServer(err)
	}
	now := [2]passed{counted.passed(r.proxy.Name, "upstream"), counted.passed(r.proxy.Name, "downstream")}
	if !r.asked {
		r.asked, r.before, r.since = true, now, r.clock.now()
	}
	t = tries{after: 1, last: r.since}
	if now != r.before {
		t = tries{after: 2, last: r.clock.now()}
	}
	return t, nil
}

func (r *remoteInjector) disarm(context.Context, *observation) (string, error) { return "", nil }

// heal gives the address to a proxy without toxics.
func (r *remoteInjector) heal(ctx context.Context, _ bool) error {
	if err := r.server.delete(r.proxy); err != nil {
		return atServer(err)
	}
	if _, err := r.server.start(r.proxy.Listen, nil); err != nil {
		return atServer(fmt.Errorf("heal the address: %w", err))
	}
	if r.subject.Pooled { // its connections may have ended just now, and it cannot be seen whether it knows
		select {
		case <-time.After(r.limits.Stall):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (r *remoteInjector) followed(_ context.Context, _ Call, _ bool, failure error) (error, string, error) {
	return failure, "", nil
}

func (r *remoteInjector) awaitEnds(context.Context) {}

func (r *remoteInjector) close(bool) error { return atServer(r.server.clear()) }

func (r *remoteInjector) settle(context.Context, settler) error { return nil }

func (r *remoteInjector) forget(origin settler, calls []Call) { origin.Forget(netip.Addr{}, calls...) }

// result says how often the fault struck for certain.
func (r *remoteInjector) result(ctx context.Context, o *observation, _ *verdict.Result) (err error) {
	toward, at, byByte := point.ParseByte(r.cell.Place)
	switch {
	case byByte:
		_, err = r.server.await(ctx, r.limits.Time, func(now counters) bool {
			o.strikes = now.passed(r.proxy.Name, streamTo(toward)).strikes(at)
			return o.strikes > 0
		})
	case r.refused:
		o.strikes = 1
	default:
		o.unstruck = "a connection to " + r.address + " is not refused: something between accepts it"
	}
	o.attempts, o.useful = o.strikes, o.strikes
	return atServer(err)
}

func (r *remoteInjector) retry(context.Context) (bool, error) { return false, nil }

func (r *remoteInjector) rehearse() { r.toxics = nil }

// visited names the first bytes in each direction, where some have passed: that
// is counted when the connections have ended.
func (r *remoteInjector) visited(ctx context.Context, h *Rehearsal) error {
	if err := r.end(); err != nil {
		return err
	}
	counted, err := r.server.await(ctx, r.limits.Time, func(now counters) bool {
		return now.passed(r.proxy.Name, streamTo(harness.Client)).received > 0
	})
	if err != nil {
		return atServer(err)
	}
	for _, end := range []harness.End{harness.Server, harness.Client} {
		if counted.passed(r.proxy.Name, streamTo(end)).received > 0 {
			h.Places = append(h.Places, point.AtByte(end, 0))
		}
	}
	if len(h.Places) == 0 && h.Returned && h.Answer.Err == nil && len(counted) == 0 {
		return errors.New(noCounters)
	}
	return nil
}
