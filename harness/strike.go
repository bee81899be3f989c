package harness

// strike ends the connection if a cut is due at the present byte of p, with
// pending bytes waiting behind it.
func (c *connection) strike(p *pipe, pending int) {
	c.proxy.mu.Lock()
	cut := p.dueCut(pending)
	if cut == nil {
		c.proxy.mu.Unlock()
		return
	}
	note, struck := c.claim(cut, p)
	c.proxy.mu.Unlock()
	if struck {
		c.sever(cut.Cut, p, note)
	}
}

// strikeNow ends the connection wherever it is.
func (c *connection) strikeNow(cut *armedCut) {
	p := c.toClient
	if cut.Toward == Server {
		p = c.toServer
	}
	c.proxy.mu.Lock()
	note, struck := c.claim(cut, p)
	c.proxy.mu.Unlock()
	if struck {
		c.sever(cut.Cut, p, note)
		c.settle()
	}
}

// claim severs the connection in the name of cut and enters the strike into
// its report; note completes the entry with what a RST threw away. It returns
// false when the connection is over already. The proxy's mutex is held.
func (c *connection) claim(cut *armedCut, p *pipe) (note func(int64), struck bool) {
	c.record(ByCut, cut.with())
	if c.severed.Swap(true) {
		return nil, false
	}
	other := c.toServer
	if p == other {
		other = c.toClient
	}
	resets := 0
	for _, ending := range []Ending{cut.with(), cut.opposite()} {
		if ending == Reset {
			resets++
		}
	}
	entry := len(cut.strikes)
	cut.strikes = append(cut.strikes, Strike{
		Connection: c.number, At: p.position(), Drained: resets == 0,
		Withheld: p.held(), WithheldOpposite: other.held(),
	})
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

// sever gives each end what the cut has for it, both at the same time: one
// that takes its bytes slowly does not spare the other.
func (c *connection) sever(cut Cut, p *pipe, note func(int64)) {
	c.dissolve(c.toServer)
	c.dissolve(c.toClient)
	done := make(chan struct{})
	c.proxy.work.Go(func() {
		defer close(done)
		c.give(p.from, cut.opposite(), note)
	})
	c.give(p.to, cut.with(), note)
	if cut.Now {
		<-done
	}
}

// give lets one end see the ending.
func (c *connection) give(l *leg, ending Ending, note func(int64)) {
	c.mu.Lock()
	linked := c.linked
	c.mu.Unlock()
	if l.party == Server && !linked {
		note(0)
		c.cancel() // the upstream is still being dialled
		return
	}
	switch ending {
	case Reset:
		l.abort(c.ctx, c.proxy.settings.DrainTimeout, note)
	case Finished:
		l.finish()
	case Open:
		l.silent.Store(true)
	}
	fromIt, _ := c.pipes(l)
	c.mu.Lock()
	unread := fromIt.gone || !linked
	c.mu.Unlock()
	if unread && ending != Open {
		l.close() // nobody reads there any more who would close it
	}
	c.settle()
}
