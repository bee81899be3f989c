package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"sync"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// A Proxy stands in front of an upstream and passes connections on through
// toxiproxy's links, faithfully: how one end ends is how the other sees it
// end. Cuts end connections, toxics change their streams.
//
// What it cannot do as a device on the wire would: it has completed the
// client's handshake before it knows the upstream, so that a refusing upstream
// resets the client (see [Proxy.Refuse]); it acknowledges bytes before the
// other end has them; and a RST passes it behind the bytes sent before it.
type Proxy struct {
	upstream string
	settings settings
	address  string // where it listens
	api      *toxiproxy.ApiServer
	engine   *toxiproxy.Proxy // never started: it lends its toxics
	ctx      context.Context  // ends with Close
	cancel   context.CancelFunc
	work     sync.WaitGroup // the accept loop and what every connection runs

	admission sync.Mutex // held while a connection is admitted; it is taken before mu

	mu       sync.Mutex // guards the rest; it is taken before any connection's or pipe's
	listener net.Listener
	closed   bool
	accepted int
	live     map[*connection]struct{}
	idle     chan struct{}      // closed and renewed when a connection is over
	ended    []ConnectionReport // the newest
	cuts     []*ArmedCut
	watched  []*ArmedCut // the newest that watchers armed
	toxics   []*AddedToxic
	added    int // how many toxics were ever added
	refusing bool
	rejected []error
}

// StartProxy starts a proxy in front of upstream, a host:port. Everything is
// checked before anything is started. The proxy listens on the loopback
// unless [Options] say otherwise, and runs until [Proxy.Close]. An error is
// ErrBadInput or ErrListen.
func StartProxy(upstream string, options ...Option) (*Proxy, error) {
	s, err := settle(upstream, options)
	if err != nil {
		return nil, badInput(fmt.Errorf("proxy: %w", err))
	}
	if s.Seed == 0 {
		s.Seed = rand.Uint64()
	}
	if s.Dial == nil {
		dialer := &net.Dialer{KeepAlive: -1}
		dialer.SetMultipathTCP(false)
		s.Dial = dialer.DialContext
	}
	p := &Proxy{upstream: upstream, settings: s, live: map[*connection]struct{}{}, idle: make(chan struct{})}
	for _, toxic := range s.toxics {
		if _, err := p.addToxic(toxic); err != nil {
			return nil, fmt.Errorf("proxy: %w", err)
		}
	}
	p.listener = s.Listener
	if p.listener == nil {
		if p.listener, err = listen(s.Listen); err != nil {
			return nil, classified{fmt.Errorf("proxy for %s: %w", upstream, err), ErrListen}
		}
	}
	p.address = p.listener.Addr().String()
	p.api = toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p.engine = toxiproxy.NewProxy(p.api, "resetlab", p.Addr(), upstream)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	for _, cut := range s.cuts {
		p.arm(cut)
	}
	listener := p.listener
	p.work.Go(func() { p.accept(listener) })
	return p, nil
}

// Addr returns the address, host:port, that clients connect to.
func (p *Proxy) Addr() string { return p.address }

// Seed returns the seed that decides which connections get which toxics.
func (p *Proxy) Seed() uint64 { return p.settings.Seed }

// String says where the proxy is, what it stands before, and its seed.
func (p *Proxy) String() string {
	return fmt.Sprintf("proxy %s → %s (seed %d)", p.Addr(), p.upstream, p.Seed())
}

// Cut arms c on the running proxy or, with c.Now, strikes and returns when it
// has struck. An error is ErrBadInput and says which field is wrong;
// [Proxy.Close] returns it once more, so that a test which ignores it here
// cannot pass. On a closed proxy the error is net.ErrClosed.
func (p *Proxy) Cut(c Cut) (*ArmedCut, error) {
	p.mu.Lock()
	if err := c.check(); err != nil {
		err = badInput(err)
		p.rejected = append(p.rejected, err)
		p.mu.Unlock()
		return nil, err
	}
	if p.closed {
		p.mu.Unlock()
		return nil, fmt.Errorf("cut: the proxy is closed: %w", net.ErrClosed)
	}
	armed := p.arm(c)
	var strikes sync.WaitGroup
	for conn := range p.live {
		if c.Now && armed.concerns(conn.number) {
			p.work.Add(1) // now: Close may have begun to wait before the strike does
			strikes.Go(func() {
				defer p.work.Done()
				conn.strikeNow(armed)
			})
		}
	}
	p.mu.Unlock()
	strikes.Wait()
	if c.Now {
		armed.Disarm()
	}
	return armed, nil
}

// arm puts c on duty, on the open connections too. mu is held, or nobody else
// knows the proxy yet.
func (p *Proxy) arm(c Cut) *ArmedCut {
	armed := p.newArmedCut(c)
	switch c.On.kind {
	case nextConnection:
		armed.nth = p.accepted + 1
	case nthConnection:
		armed.nth = c.On.n
	}
	p.cuts = append(p.cuts, armed)
	over := armed.nth > 0 && armed.nth <= p.accepted
	for conn := range p.live {
		conn.arm(armed)
		over = over && conn.number != armed.nth
	}
	if over {
		armed.settle()
	}
	return armed
}

// arm marks where the cut strikes, if it concerns the connection.
func (c *connection) arm(cut *ArmedCut) {
	switch {
	case cut.cut.Now || cut.spent() || !cut.concerns(c.number):
	case cut.cut.Toward == Client:
		c.toClient.arm(cut)
	default:
		c.toServer.arm(cut)
	}
}

// Cuts reports on every cut in the order of arming, then on those of watchers,
// the newest if there are more than [Options.Keep].
func (p *Proxy) Cuts() []CutReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	var reports []CutReport
	for _, c := range slices.Concat(p.cuts, newest(p.watched, p.settings.Keep)) {
		reports = append(reports, c.report())
	}
	return reports
}

// Connections reports on every connection that was accepted, by number: on all
// that are open, and on the newest that are over if there are more than
// [Options.Keep].
func (p *Proxy) Connections() []ConnectionReport {
	p.mu.Lock()
	defer p.mu.Unlock()
	reports := slices.Clone(newest(p.ended, p.settings.Keep))
	for conn := range p.live {
		reports = append(reports, conn.report())
	}
	slices.SortFunc(reports, func(a, b ConnectionReport) int { return cmp.Compare(a.Number, b.Number) })
	return reports
}

// AwaitIdle waits until every accepted connection is over, so that the
// reports are final. It returns the context's error if that ends first.
func (p *Proxy) AwaitIdle(ctx context.Context) error {
	for {
		p.mu.Lock()
		open, idle := len(p.live), p.idle
		p.mu.Unlock()
		if open == 0 {
			return nil
		}
		select {
		case <-idle:
		case <-ctx.Done():
			return fmt.Errorf("await the end of %d connections: %w", open, ctx.Err())
		}
	}
}

// forget moves a connection that is over from the live to the ended ones.
func (p *Proxy) forget(c *connection) {
	report := c.report()
	if p.settings.Ended != nil {
		p.settings.Ended(report)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.live, c)
	p.ended = keepNewest(append(p.ended, report), p.settings.Keep)
	for _, cut := range p.cuts {
		if cut.nth == c.number && cut.count == 0 {
			cut.settle()
		}
	}
	close(p.idle)
	p.idle = make(chan struct{})
}

// Close stops listening, closes every connection and returns when nothing of
// the proxy is left: no socket, no goroutine. It returns the errors of
// refused cuts and of accepting. A second Close does nothing.
func (p *Proxy) Close() error {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	var live []*connection
	for conn := range p.live {
		live = append(live, conn)
	}
	p.mu.Unlock()
	if !first {
		return nil
	}
	err := p.Refuse() // closed already, so that nobody accepts again
	for _, conn := range live {
		conn.shut()
	}
	p.cancel()
	p.work.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, cut := range p.cuts {
		cut.settle()
	}
	if err := errors.Join(append(p.rejected, err)...); err != nil {
		return fmt.Errorf("%v: %w", p, err)
	}
	return nil
}
