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
	if cut.cut.Half {
		s := c.halve(p, cut)
		c.proxy.mu.Unlock()
		p.to.finish(c.proxy.settings.CloseNotify)
		s.over()
		return
	}
	s := c.claim(cut, p)
	c.proxy.mu.Unlock()
	c.end(p, s)
}

// end gives both ends their endings, behind the silence that the cut has for
// them; s is nil where the connection was over already.
func (c *connection) end(p *pipe, s *striking) {
	switch {
	case s == nil:
	case s.cut.cut.Hold > 0:
		c.proxy.work.Go(func() { // the link must go on being emptied
			c.hold(s.cut.cut.Hold)
			c.part(p.to, s)
		})
	default:
		c.part(p.to, s)
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

// halve ends the one direction p, whose end still has to get its FIN. The proxy's
// mutex is held.
func (c *connection) halve(p *pipe, cut *ArmedCut) *striking {
	c.record(ByCut, Finished)
	at := p.position()
	held := max(0, p.read.Load()-at)
	s := &striking{conn: c, cut: cut}
	s.strike = cut.enter(Strike{Connection: c.number, At: at, Withheld: held, Drained: true})
	p.halved = true
	return s
}

// strikeNow ends the connection wherever it is, and returns when it has.
func (c *connection) strikeNow(cut *ArmedCut) {
	p := c.toClient
	if cut.cut.Toward == Server {
		p = c.toServer
	}
	c.proxy.mu.Lock()
	s := c.claim(cut, p)
	c.proxy.mu.Unlock()
	if s != nil {
		c.hold(cut.cut.Hold)
		<-c.part(p.to, s)
	}
}

// claim stops the connection in the name of cut and enters the strike into
// its report. It returns nil when the connection is over already. The proxy's
// mutex is held.
func (c *connection) claim(cut *ArmedCut, p *pipe) *striking {
	if !c.stop(p.to, cut.cut.with(), cut.cut.opposite()) {
		return nil
	}
	c.record(ByCut, cut.cut.with().ending())
	c.insert = cut.cut.Insert
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
	s := &striking{conn: c, cut: cut}
	for _, l := range []*leg{c.client, c.server} {
		if l.action == SendReset {
			s.resets++
		}
	}
	strike.Drained = s.resets == 0
	s.strike = cut.enter(strike)
	return s
}

func addressOf(a net.Addr) netip.AddrPort { return a.(*net.TCPAddr).AddrPort() }

// part gives each end what the cut has for it, both at the same time: one
// that takes its bytes slowly does not spare the other. It returns when near
// has got its ending; the channel is closed when the other has, too.
func (c *connection) part(near *leg, s *striking) <-chan struct{} {
	c.removeToxics(c.toServer)
	c.removeToxics(c.toClient)
	far := c.server
	if near == far {
		far = c.client
	}
	s.ends.Add(1)
	done := make(chan struct{})
	c.proxy.work.Go(func() {
		defer close(done)
		c.give(far, s)
		s.ends.Wait()
		s.over()
		c.mu.Lock()
		c.giving = false
		c.mu.Unlock()
		c.settle()
	})
	c.give(near, s)
	s.ends.Done()
	return done
}

// give lets one end see its ending.
func (c *connection) give(l *leg, s *striking) {
	fromIt, _ := c.pipes(l)
	c.mu.Lock()
	linked, unread := c.linked, fromIt.gone
	c.mu.Unlock()
	if l == c.client && c.insert != "" && (linked || l.secured == nil) {
		l.conn.SetWriteDeadline(time.Now().Add(c.proxy.settings.DrainTimeout))
		l.write([]byte(c.insert)) // it fails where the client is gone
	}
	switch {
	case l == c.server && !linked:
		c.stopDialling() // it is still being dialled, or will be
		if l.action == SendReset {
			s.drained(0)
		}
	case l.action == SendReset:
		l.abort(c.ctx, c.proxy.settings.DrainTimeout, s.drained)
	case l.action == SendFIN:
		l.finish(c.proxy.settings.CloseNotify)
	case l.action == FINThenReset:
		l.finishDeaf()
	}
	if unread && (l.action == SendFIN || l.action == FINThenReset) {
		l.close() // nobody reads there any more who would close it
	}
	if l == c.client && !linked && l.action != SendReset {
		c.proxy.work.Go(func() { c.swallow(l) })
	}
}

// swallow reads what an end sends that has no pipe, until it is done.
func (c *connection) swallow(l *leg) {
	if _, err := io.Copy(io.Discard, l.conn); err != nil || l.action != Silence {
		l.close()
	}
	c.settle()
}
