package harness

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync/atomic"
)

// An AddedToxic is a [Toxic] of a proxy, as [Proxy.AddToxic] returns it.
type AddedToxic struct {
	proxy    *Proxy
	toxic    Toxic
	index    int    // counted from 0 in the order of adding
	document []byte // the toxic as toxiproxy takes it
	removed  atomic.Bool
}

// AddToxic adds a toxic to the running proxy: to the connections to come, and to
// the open ones as soon as their stream lets it, behind what is already in it. An
// error is ErrBadInput or, on a closed proxy, net.ErrClosed.
func (p *Proxy) AddToxic(t Toxic) (*AddedToxic, error) {
	if err := t.check(); err != nil {
		return nil, badInput(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, fmt.Errorf("toxic %s: the proxy is closed: %w", t.Type, net.ErrClosed)
	}
	added, err := p.addToxic(t)
	if err != nil {
		return nil, err
	}
	for c := range p.live {
		p.work.Go(func() { // toxiproxy waits for the stream, which may stand still
			if err := c.addToxic(added); err != nil {
				p.reject(err)
			}
		})
	}
	return added, nil
}

// addToxic puts a toxic on the list. mu is held, or nobody else knows the proxy.
func (p *Proxy) addToxic(t Toxic) (*AddedToxic, error) {
	document, err := t.document(p.added)
	if err != nil {
		return nil, err
	}
	added := &AddedToxic{proxy: p, toxic: t, index: p.added, document: document}
	p.added++
	p.toxics = append(p.toxics, added)
	return added, nil
}

// Remove takes the toxic away: from the connections to come, and from the open
// ones as soon as their stream lets it. What the toxic holds passes at once.
// Removed again it does nothing.
func (t *AddedToxic) Remove() {
	p := t.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.removed.Swap(true) || p.closed {
		return
	}
	for i, other := range p.toxics {
		if other == t {
			p.toxics = append(p.toxics[:i:i], p.toxics[i+1:]...)
			break
		}
	}
	for c := range p.live {
		p.work.Go(func() { c.removeToxic(t) })
	}
}

// addToxic puts a toxic into the connection's own chain, if the connection is
// one that gets it, and takes it out again if that was wanted meanwhile.
func (c *connection) addToxic(t *AddedToxic) error {
	if !t.toxic.drawn(c.proxy.settings.Seed, c.number, t.index) {
		return nil
	}
	if _, err := c.toxics.AddToxicJson(bytes.NewReader(t.document)); err != nil {
		return fmt.Errorf("toxic %s: %w", t.toxic.Type, err)
	}
	c.mu.Lock()
	c.drawn = append(c.drawn, t)
	c.mu.Unlock()
	if t.removed.Load() || c.stopped.Load() {
		c.removeToxic(t)
	}
	return nil
}

// removeToxic takes a toxic out of the connection's chain. It waits for the
// stream.
func (c *connection) removeToxic(t *AddedToxic) {
	c.toxics.RemoveToxic(context.Background(), t.toxic.name(t.index)) // an error says that it is out already, or was never in
}
