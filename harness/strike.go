package harness

import (
	"io"
	"net"
	"net/netip"
	"time"
)

// strike ends the connection if a cut is due at the present byte of p, with
// pending bytes waiting behind it.
func (c *connection) strike(p *pipe, pending int) {
	c.proxy.mu.Lock()
	cut := p.dueCut(pending)
	if cut == nil {
		c.proxy.mu.Unlock()
		return
	}
	if cut.Half {
		c.halve(p, cut)
		c.proxy.mu.Unlock()
		return
	}
	note, struck := c.claim(cut, p)
	c.proxy.mu.Unlock()
	if struck && cut.Hold > 0 {
		c.proxy.work.Go(func() { // the link must go on being emptied
			c.hold(cut.Hold)
			c.part(p.to, note)
		})
	} else if struck {
		c.part(p.to, note)
	}
}

// hold waits, unless the proxy is closed meanwhile.
func (c *connection) hold(silence time.Duration) {
	timer := time.NewTimer(silence)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.ctx.Done():
	}
}

// halve ends the one direction p. The proxy's mutex is held.
func (c *connection) halve(p *pipe, cut *armedCut) {
	c.record(ByCut, Finished)
	at := p.position()
	held := max(0, p.read.Load()-at)
	cut.strikes = append(cut.strikes, Strike{Connection: c.number, At: at, Withheld: held, Drained: true})
	p.halved = true
	p.to.finish()
}

// strikeNow ends the connection wherever it is, and returns when it has.
func (c *connection) strikeNow(cut *armedCut) {
	p := c.toClient
	if cut.Toward == Server {
		p = c.toServer
	}
	c.proxy.mu.Lock()
	note, struck := c.claim(cut, p)
	c.proxy.mu.Unlock()
	if struck {
		c.hold(cut.Hold)
		<-c.part(p.to, note)
	}
}

// claim severs the connection in the name of cut and enters the strike into
// its report; note completes the entry with what a RST threw away. It returns
// false when the connection is over already. The proxy's mutex is held.
func (c *connection) claim(cut *armedCut, p *pipe) (note func(undelivered int64), struck bool) {
	if !c.sever(p.to, cut.with(), cut.opposite()) {
		return nil, false
	}
	c.record(ByCut, cut.with())
	c.farewell = cut.Insert
	if before := c.proxy.settings.BeforeReset; before != nil {
		c.client.drained = func() {
			before(c.ctx, c.number, addressOf(c.client.conn.RemoteAddr()), addressOf(c.client.conn.LocalAddr()))
		}
	}
	strike := Strike{Connection: c.number}
	if c.reached(c.server) {
		against, _ := c.pipes(p.to)
		strike.At, strike.Withheld = p.halt()
		_, strike.WithheldOpposite = against.halt()
	}
	resets := 0
	for _, l := range []*leg{c.client, c.server} {
		if l.parting == Reset {
			resets++
		}
	}
	strike.Drained = resets == 0
	entry := len(cut.strikes)
	cut.strikes = append(cut.strikes, strike)
	return func(undelivered int64) {
		c.proxy.mu.Lock()
		defer c.proxy.mu.Unlock()
		s := &cut.strikes[entry]
		s.Undelivered += undelivered
		resets--
		s.Drained = resets == 0 && s.Undelivered == 0
		if undelivered > 0 {
			c.mu.Lock()
			c.undelivered = true
			c.mu.Unlock()
		}
	}, true
}

func addressOf(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }

// part gives each end what the cut has for it, both at the same time: one
// that takes its bytes slowly does not spare the other. It returns when near
// has got its ending; the channel is closed when the other has, too.
func (c *connection) part(near *leg, note func(undelivered int64)) <-chan struct{} {
	c.dissolve(c.toServer)
	c.dissolve(c.toClient)
	far := c.server
	if near == far {
		far = c.client
	}
	done := make(chan struct{})
	c.proxy.work.Go(func() {
		defer close(done)
		c.give(far, note)
	})
	c.give(near, note)
	return done
}

// give lets one end see its ending.
func (c *connection) give(l *leg, note func(undelivered int64)) {
	fromIt, _ := c.pipes(l)
	c.mu.Lock()
	linked, unread := c.linked, fromIt.gone
	c.mu.Unlock()
	if l == c.client && c.farewell != "" {
		l.conn.SetWriteDeadline(time.Now().Add(c.proxy.settings.DrainTimeout))
		io.WriteString(l.conn, c.farewell) // it fails where the client is gone
	}
	switch {
	case l == c.server && !linked:
		c.cancel() // the upstream is still being dialled
		if l.parting == Reset {
			note(0)
		}
	case l.parting == Reset:
		l.abort(c.ctx, c.proxy.settings.DrainTimeout, note)
	case l.parting == Finished:
		l.finish()
	case l.parting == BrokenPipe:
		l.finishDeaf()
	}
	if unread && (l.parting == Finished || l.parting == BrokenPipe) {
		l.close() // nobody reads there any more who would close it
	}
	if l == c.client && !linked && l.parting != Reset {
		c.proxy.work.Go(func() { c.swallow(l) })
	}
	c.settle()
}

// swallow reads what an end sends that has no pipe, until it is done.
func (c *connection) swallow(l *leg) {
	if _, err := io.Copy(io.Discard, l.conn); err != nil || l.parting != Open {
		l.close()
	}
	c.settle()
}
