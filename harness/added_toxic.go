package harness

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
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

// AddToxic adds a toxic to the running proxy, for the connections to come. Open
// ones do not get it: toxiproxy's chains must not grow while bytes flow through
// them (ToxicLink.AddToxic of v2.12.0 panics behind a removal that met the end of
// the stream). An error is ErrBadInput or, on a closed proxy, net.ErrClosed.
func (p *Proxy) AddToxic(t Toxic) (*AddedToxic, error) {
	if err := t.check(); err != nil {
		return nil, badInput(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, fmt.Errorf("toxic %s: the proxy is closed: %w", t.Type, net.ErrClosed)
	}
	return p.addToxic(t)
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
// ones as soon as their stream lets it and those are gone that were added behind
// it in the same direction. What the toxic holds passes at once. Removed again it
// does nothing.
func (t *AddedToxic) Remove() {
	p := t.proxy
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.removed.Swap(true) || p.closed {
		return
	}
	p.toxics = slices.DeleteFunc(slices.Clone(p.toxics), func(other *AddedToxic) bool { return other == t })
	for c := range p.live {
		p.work.Go(func() { c.removeLast(t.toxic.Toward) }) // toxiproxy waits for the stream
	}
}

// addToxic puts a toxic into the connection's own chain, if the connection is
// one that gets it. Nothing flows yet.
func (c *connection) addToxic(t *AddedToxic) error {
	if !t.toxic.drawn(c.proxy.settings.Seed, c.number, t.index) {
		return nil
	}
	if _, err := c.toxics.AddToxicJson(bytes.NewReader(t.document)); err != nil {
		return fmt.Errorf("toxic %s: %w", t.toxic.Type, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drawn, c.chain = append(c.drawn, t), append(c.chain, t)
	return nil
}

// removeLast takes those toxics out of the chain toward an end that are to go, or
// all when the connection is stopped, as far as none that stays is behind them: the
// last first, or toxiproxy takes one for another where the stream ends meanwhile.
// It waits for the stream.
func (c *connection) removeLast(toward End) {
	c.removing.Lock()
	defer c.removing.Unlock()
	for {
		t := c.lastToGo(toward)
		if t == nil {
			return
		}
		c.toxics.RemoveToxic(context.Background(), t.toxic.name(t.index)) // it is in, so there is no error
	}
}

// lastToGo takes the last toxic toward an end off the list, if it is to go.
func (c *connection) lastToGo(toward End) *AddedToxic {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, t := range slices.Backward(c.chain) {
		if t.toxic.Toward != toward {
			continue
		}
		if !t.removed.Load() && !c.stopped.Load() {
			return nil
		}
		c.chain = slices.Delete(c.chain, i, i+1)
		return t
	}
	return nil
}
