package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/Shopify/toxiproxy/v2"

	"github.com/resetlab/resetlab/harness/internal/socket"
)

// accept takes connections until the listener is closed.
func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
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

// admit numbers a connection, arms the cuts on it and serves it.
func (p *Proxy) admit(client *net.TCPConn) {
	var watcher Watcher
	if p.settings.Watch != nil {
		watcher = p.settings.Watch(p.accepted + 1) // only the accept loop counts
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		client.Close()
		return
	}
	leg := &leg{party: Client, conn: client}
	if p.settings.Unread {
		leg.lag, _ = socket.NewLag(client) // without it, on a closed socket, reports say that nothing was unread
	}
	p.accepted++
	c := newConnection(p, p.accepted, leg)
	c.watcher = watcher
	for _, cut := range p.cuts {
		c.arm(cut)
	}
	p.live[c] = struct{}{}
	p.work.Go(c.serve)
}

// serve dials the upstream and links the two. A client whose upstream cannot
// be reached is reset: its handshake is done, so that nothing nearer to
// "refused" is left.
func (c *connection) serve() {
	defer c.settle()
	if err := c.addToxics(); err != nil {
		c.giveUp(err, Other)
		return
	}
	ctx, cancel := context.WithTimeout(c.ctx, c.proxy.settings.DialTimeout)
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
	c.record(Server, ending)
	if c.sever(c.client, Reset, Closed) {
		c.client.abort(c.ctx, c.proxy.settings.DrainTimeout, func(int64) {})
	}
}

// addToxics draws the connection's toxics and puts them into its own chain,
// before anything flows: toxiproxy's chains must not change under traffic.
func (c *connection) addToxics() error {
	c.toxics = toxiproxy.NewToxicCollection(c.proxy.engine)
	for i, toxic := range c.proxy.settings.toxics {
		if !toxic.drawn(c.proxy.settings.Seed, c.number, i) {
			continue
		}
		if _, err := c.toxics.AddToxicJson(bytes.NewReader(c.proxy.documents[i])); err != nil {
			return fmt.Errorf("toxic %s: %w", toxic.Type, err)
		}
		c.mu.Lock()
		c.drawn = append(c.drawn, i)
		c.mu.Unlock()
	}
	return nil
}
