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
)

// A remoteTrial is one cell being run through a toxiproxy-server.
type remoteTrial struct {
	*trial
	server *remoteServer
	faulty *toxiproxy.Proxy
}

func (r *run) newRemoteTrial(server *remoteServer, cell Cell) *remoteTrial {
	return &remoteTrial{
		trial: &trial{run: r, cell: cell, place: Place{ID: cell.Place}}, server: server,
	}
}

// tryRemote runs a cell. An error is the audit's own.
func (r *run) tryRemote(ctx context.Context, server *remoteServer, cell Cell) Result {
	t := r.newRemoteTrial(server, cell)
	began := time.Now()
	result, err := t.observe(ctx)
	if err = errors.Join(err, t.end()); err != nil {
		err = fmt.Errorf("toxiproxy-server: %w", err)
	}
	return t.finish(began, result, err)
}

func (t *remoteTrial) observe(ctx context.Context) (Result, error) {
	if err := t.open(ctx, toxicsFor(t.cell)); err != nil {
		return Result{}, err
	}
	refused := false
	if t.cell.Fault == Refuse {
		if err := t.faulty.Disable(); err != nil {
			return Result{}, fmt.Errorf("stop listening: %w", err)
		}
		refused = refuses(ctx, t.address)
	}
	call := t.newCall(t.cell.Operation, "")
	o := observation{cell: t.cell, place: t.place, limits: t.limits}
	p := t.begin(ctx, call)
	defer p.giveUp()
	if o.answer, o.returned = p.await(ctx); !o.returned {
		if err := t.watchRetries(ctx, p, &o); err != nil {
			return Result{}, err
		}
		o.answer = p.end(ctx)
	}
	if o.answer.Unable != nil {
		return Result{}, o.answer.Unable
	}
	followed, err := t.followUp(ctx)
	if err != nil {
		return Result{}, err
	}
	result, err := t.conclude(ctx, call, o, refused)
	if err == nil && followed != nil {
		result.FollowUp = followed.Error()
		if result.Strikes > 0 {
			result.Verdict = withHygiene(result.Verdict, PoolPoisoned)
		}
	}
	return result, err
}

// open starts the proxy and opens a client.
func (t *remoteTrial) open(ctx context.Context, toxics []toxiproxy.Toxic) (err error) {
	if t.faulty, err = t.server.start(t.server.Listen, toxics); err != nil {
		return err
	}
	if t.address, err = t.server.clientsAt(t.faulty.Listen); err != nil {
		return err
	}
	if t.client, err = t.subject.Open(ctx, Target{Address: t.address}); err != nil {
		t.client = nil
		return fmt.Errorf("open the client: %w", err)
	}
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

// watchRetries waits for one more attempt of a client that has no result: each
// that ends is counted. How many there were before, nobody knows here.
func (t *remoteTrial) watchRetries(ctx context.Context, p *performance, o *observation) error {
	before, err := t.server.get(ctx, "/metrics")
	if err != nil {
		return err
	}
	p.deadline = t.pulse.now() + t.limits.Quiet
	if answer, back := p.await(ctx); back {
		p.done <- answer // for end
		o.retrying = true
		return nil
	}
	after, err := t.server.get(ctx, "/metrics")
	if err != nil {
		return err
	}
	for _, stream := range []string{"upstream", "downstream"} {
		o.retrying = o.retrying || before.passed(t.faulty.Name, stream) != after.passed(t.faulty.Name, stream)
	}
	o.retries, o.silence = 1, t.limits.Quiet
	return ctx.Err()
}

// followUp makes one more call, now that nothing is in its way.
func (t *remoteTrial) followUp(ctx context.Context) (wrong, err error) {
	listen := t.faulty.Listen
	if err := t.server.delete(t.faulty); err != nil {
		return nil, err
	}
	healthy, err := t.server.start(listen, nil)
	if err != nil {
		return nil, fmt.Errorf("heal the address: %w", err)
	}
	if t.subject.Pooled { // its connections may have ended just now, and it cannot be seen whether it knows
		select {
		case <-time.After(t.limits.Stall):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if _, wrong, err = t.callAgain(ctx); err != nil {
		return nil, err
	}
	return wrong, t.server.delete(healthy)
}

// conclude ends everything and judges.
func (t *remoteTrial) conclude(ctx context.Context, call Call, o observation, refused bool) (r Result, err error) {
	if err := t.end(); err != nil {
		return r, err
	}
	if o.strikes, err = t.strikes(ctx, refused); err != nil {
		return r, err
	}
	if o.account, err = t.ask(ctx, call); err != nil {
		return r, err
	}
	o.attempts = o.strikes
	o.want, o.sampled = t.reply(call)
	r = Result{Executed: o.account.Executed, Discarded: o.account.Discarded, Strikes: o.strikes, Verdict: judge(o)}
	if t.cell.Fault == Refuse && !refused {
		r.Verdict.Reason = "a connection to " + t.address + " is not refused: something between accepts it"
	}
	for _, leak := range append(o.answer.Leaks, t.left...) {
		r.Verdict = withHygiene(r.Verdict, Hygiene(leak))
	}
	r.describe(o)
	r.Known = o.known(nil, r.Verdict)
	return r, nil
}

// strikes says how often the fault struck for certain.
func (t *remoteTrial) strikes(ctx context.Context, refused bool) (n int, err error) {
	toward, at, byByte := parseByte(t.cell.Place)
	if !byByte {
		if refused {
			n = 1
		}
		return n, nil
	}
	stream := "downstream"
	if toward == harness.Server {
		stream = "upstream"
	}
	_, err = t.server.await(ctx, t.limits.Time, func(now counters) bool {
		n = now.passed(t.faulty.Name, stream).strikes(at)
		return n > 0
	})
	return n, err
}

// ask asks the origin and has it forget.
func (t *remoteTrial) ask(ctx context.Context, call Call) (Account, error) {
	if settler, ok := t.subject.Origin.(Settler); ok {
		defer settler.Forget(netip.Addr{}, t.calls...)
	}
	account, err := t.subject.Origin.Account(ctx, call)
	if err != nil {
		return account, fmt.Errorf("ask the origin: %w", err)
	}
	return account, nil
}

// end gives back the client and the proxies.
func (t *remoteTrial) end() error {
	return errors.Join(t.close(), t.server.clear())
}

// rehearseAt performs a call through a healthy proxy.
func (r *run) rehearseAt(ctx context.Context, server *remoteServer, operation Operation) (h Rehearsal, err error) {
	t := r.newRemoteTrial(server, Cell{AtByte(harness.Client, 0), RST, Always, operation})
	defer func() { err = errors.Join(err, t.end()) }()
	if err := t.open(ctx, nil); err != nil {
		return h, err
	}
	h.Call = t.newCall(operation, "")
	h.Answer, h.Returned = t.do(ctx, h.Call)
	if err := errors.Join(t.end(), ctx.Err()); err != nil {
		return h, err
	}
	counted, err := server.await(ctx, r.limits.Time, func(now counters) bool {
		return now.passed(t.faulty.Name, "downstream").received > 0
	})
	if err != nil {
		return h, err
	}
	for stream, end := range map[string]harness.End{"upstream": harness.Server, "downstream": harness.Client} {
		if counted.passed(t.faulty.Name, stream).received > 0 {
			h.Places = append(h.Places, AtByte(end, 0))
		}
	}
	if len(h.Places) == 0 && h.Returned && h.Answer.Err == nil && len(counted) == 0 {
		return h, errors.New(noCounters)
	}
	h.Account, err = t.ask(ctx, h.Call)
	return h, err
}
