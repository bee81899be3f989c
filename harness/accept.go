package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/resetlab/resetlab/harness/internal/socket"
)

func listen(address string) (net.Listener, error) {
	config := net.ListenConfig{KeepAlive: -1}
	config.SetMultipathTCP(false)
	return config.Listen(context.Background(), "tcp", address)
}

// Refuse closes the listener: new connections are refused (ECONNREFUSED),
// those that were waiting to be accepted are reset, the others live on. See
// [Proxy.Accept] for how to undo it.
func (p *Proxy) Refuse() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusing = true
	if err := p.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("refuse connections at %s: %w", p.Addr(), err)
	}
	return nil
}

// Accept undoes [Proxy.Refuse]: the proxy listens at its address again, where
// nobody else does meanwhile. An error is ErrListen, net.ErrClosed on a closed
// proxy, or ErrBadInput where Options.Listener was given, which the proxy did
// not open and cannot open again. Where nothing is refused it does nothing.
func (p *Proxy) Accept() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return fmt.Errorf("accept connections at %s: the proxy is closed: %w", p.Addr(), net.ErrClosed)
	case !p.refusing:
		return nil
	case p.settings.Listener != nil:
		return badInput(fmt.Errorf("accept connections at %s: options: Listener was given, and only who opened it can open it again", p.Addr()))
	}
	listener, err := listen(p.address)
	if err != nil {
		return classified{fmt.Errorf("accept connections again: %w", err), ErrListen}
	}
	p.listener, p.refusing = listener, false
	p.work.Go(func() { p.accept(listener) })
	return nil
}

// accept takes connections until the listener is closed.
func (p *Proxy) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			if !p.awaitRoom() {
				p.reject(fmt.Errorf("accept a connection: %w", err))
				p.Refuse() // it is of no use any more; closing it cannot fail
				return
			}
			continue
		}
		tcp, ok := conn.(*net.TCPConn)
		if !ok {
			conn.Close()
			p.reject(fmt.Errorf("options: Listener gave a %T: want *net.TCPConn", conn))
			continue
		}
		p.admit(tcp)
	}
}

// awaitRoom waits, when accepting fails for want of descriptors, until one of
// our own connections is over. It returns false if there is none.
func (p *Proxy) awaitRoom() bool {
	p.mu.Lock()
	open, idle := len(p.live), p.idle
	p.mu.Unlock()
	if open == 0 {
		return false
	}
	select {
	case <-idle:
		return true
	case <-p.ctx.Done():
		return false
	}
}

func (p *Proxy) reject(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rejected = append(p.rejected, err)
}

// admit numbers a connection, arms the cuts on it and serves it. One at a time:
// while the proxy listens again the loop of the listener before may still have a
// connection to admit.
func (p *Proxy) admit(client *net.TCPConn) {
	p.admission.Lock()
	defer p.admission.Unlock()
	var watcher, records Watcher
	var filter Filter
	number := p.accepted + 1 // nobody else counts meanwhile
	if p.settings.Watch != nil {
		watcher = p.settings.Watch(number)
	}
	if p.settings.WatchHandshake != nil {
		records = p.settings.WatchHandshake(number)
	}
	if p.settings.Filter != nil {
		filter = p.settings.Filter(number)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		client.Close()
		return
	}
	leg := &leg{end: Client, conn: client}
	if p.settings.Unread {
		leg.lag, _ = socket.NewLag(client) // without it, on a closed socket, reports say that nothing was unread
	}
	p.accepted++
	c := newConnection(p, p.accepted, leg)
	c.watcher, c.records = watcher, records
	if filter != nil {
		c.filtering = &filtering{filter: filter}
	}
	if p.settings.TLS != nil {
		c.secure(p.settings.TLS)
	}
	toxics := slices.Clone(p.toxics)
	for _, cut := range p.cuts {
		c.arm(cut)
	}
	p.live[c] = struct{}{}
	p.work.Go(func() { c.serve(toxics) })
}

// serve makes the TLS handshake, dials the upstream and links the two. A client whose upstream cannot
// be reached is reset: its handshake is done, so that nothing nearer to
// "refused" is left.
func (c *connection) serve(toxics []*AddedToxic) {
	defer c.settle()
	if !c.shakeHands() {
		return
	}
	for _, t := range toxics {
		if err := c.addToxic(t); err != nil {
			c.giveUp(err, Other)
			return
		}
	}
	c.removeLast(Client) // what was removed meanwhile
	c.removeLast(Server)
	ctx, cancel := context.WithTimeout(c.dialling, c.proxy.settings.DialTimeout)
	defer cancel()
	conn, err := c.proxy.settings.Dial(ctx, "tcp", c.proxy.upstream)
	if err != nil {
		c.giveUp(nil, EndingOf(err))
		return
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		if conn != nil {
			conn.Close()
		}
		c.giveUp(fmt.Errorf("options: Dial gave a %T: want *net.TCPConn", conn), Other)
		return
	}
	c.link(tcp)
}

// giveUp resets the client because there is no way to the server; breakage,
// if not nil, is the proxy's own and returned by Close.
func (c *connection) giveUp(breakage error, ending Ending) {
	if breakage != nil {
		c.proxy.reject(breakage)
	}
	c.record(ByServer, ending)
	if c.stop(c.client, SendReset, closeOnly) {
		c.client.abort(c.ctx, c.proxy.settings.DrainTimeout, func(int64) {})
	}
}
