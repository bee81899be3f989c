package harness

import (
	"context"
	"net"
	"sync"
	"sync/atomic"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/stream"

	"github.com/resetlab/resetlab/harness/internal/socket"
)

// A connection is one client's passage through the proxy: two legs and the
// two pipes between them.
//
// An end that finishes closes its pipe; an end that is lost, and a cut, stop
// the connection: from then on nothing is passed on, what comes is swallowed
// so that toxiproxy's links empty and end.
type connection struct {
	proxy  *Proxy
	number int
	ctx    context.Context // ends when the connection or the proxy does
	cancel context.CancelFunc

	dialling     context.Context // of the upstream; ends with ctx, too
	stopDialling context.CancelFunc

	client, server     *leg
	toServer, toClient *pipe
	watcher            Watcher    // nil: nobody watches
	records            Watcher    // of the TLS handshake; nil: nobody watches
	filtering          *filtering // nil: everything passes
	pacing             *pacing    // nil: everything passes to the client as it comes
	toxics             *toxiproxy.ToxicCollection

	shaken  atomic.Bool // the TLS handshake is over
	stopped atomic.Bool // nothing is passed on any more
	insert  string      // what the client gets before its ending; whoever stopped sets it

	removing sync.Mutex // held while toxics are taken out; it is taken before mu

	mu          sync.Mutex    // guards the rest, and the pipes' gone
	drawn       []*AddedToxic // the toxics that this connection got
	chain       []*AddedToxic // those of them that are still in
	linked      bool          // the server's leg is there and the pipes run
	endedBy     Party
	with        Ending
	undelivered bool // a RST threw passed bytes away
	giving      bool // a cut is giving the ends their endings
	over        bool // everything is closed
}

func newConnection(p *Proxy, number int, client *leg) *connection {
	c := &connection{proxy: p, number: number, client: client, server: &leg{end: Server}}
	c.ctx, c.cancel = context.WithCancel(p.ctx)
	c.dialling, c.stopDialling = context.WithCancel(c.ctx)
	c.toxics = toxiproxy.NewToxicCollection(p.engine)
	c.toServer = &pipe{conn: c, from: c.client, to: c.server, limit: unlimited}
	c.toClient = &pipe{conn: c, from: c.server, to: c.client, limit: unlimited}
	return c
}

// link runs the two pipes through toxiproxy, unless the connection has been
// ended while its upstream was dialled.
func (c *connection) link(server *net.TCPConn) {
	c.mu.Lock()
	if c.stopped.Load() {
		c.mu.Unlock()
		server.Close()
		return
	}
	c.server.conn, c.linked = server, true
	c.proxy.work.Add(2) // given back when a pipe is over
	c.mu.Unlock()
	c.startPacing()
	c.toxics.StartLink(c.proxy.api, "up", source{c.toServer}, destination{c.toServer}, stream.Upstream)
	c.toxics.StartLink(c.proxy.api, "down", source{c.toClient}, destination{c.toClient}, stream.Downstream)
}

// ended notes that the stream read by p has come to its end.
func (c *connection) ended(p *pipe, ending Ending) {
	if ending == Finished {
		p.from.sawFIN.Store(true)
		c.record(p.from.end.party(), Finished)
		return
	}
	c.lose(p.from, ending)
}

// watch waits for a RST from an end behind its FIN, until its leg is closed:
// nobody reads there any more who would see it.
func (c *connection) watch(l *leg) {
	if !socket.AwaitReset(l.conn) {
		return
	}
	c.lose(l, Reset)
	if c.stopped.Load() && l.action != SendReset {
		l.close()
		c.settle()
	}
}

// lose notes that an end is gone, without a FIN or behind it. The other end
// gets a RST as soon as what came before is through to it.
func (c *connection) lose(l *leg, ending Ending) {
	if c.stopped.Load() || l.lost.Swap(true) {
		return
	}
	c.record(l.end.party(), ending)
	fromIt, _ := c.pipes(l)
	c.mu.Lock()
	through := fromIt.gone
	c.mu.Unlock()
	if through {
		c.reset(fromIt.to)
	}
}

// through passes the end of p's stream on as what it was. It is called when
// everything before it has come out of the link.
func (c *connection) through(p *pipe) {
	defer c.proxy.work.Done()
	if c.pacing != nil && p.to.end == Client {
		c.pacing.end()
	}
	if p.from.sawFIN.Load() && !p.conn.stopped.Load() {
		if c.filtering != nil {
			p.filterRest()
		}
		p.to.notify()
	}
	c.mu.Lock()
	p.gone = true
	stopped := c.stopped.Load()
	both := c.toServer.gone && c.toClient.gone
	sawFIN, lost := p.from.sawFIN.Load(), p.from.lost.Load()
	if sawFIN && !stopped && (!both || lost) {
		p.to.finish(false)
	}
	c.mu.Unlock()
	switch {
	case stopped:
		if p.from.action == SendFIN || p.from.action == FINThenReset || p.from.action == Silence && !sawFIN {
			p.from.close()
		}
	case lost:
		c.reset(p.to)
	case both && c.stop(c.client, closeOnly, closeOnly):
		c.client.close() // sends the FIN, too
		c.server.close()
	}
	c.settle()
	if sawFIN {
		c.watch(p.from)
	}
}

// reset ends the connection for l, whose other end is lost: a RST behind all
// that was passed to it.
func (c *connection) reset(l *leg) {
	if !c.stop(l, SendReset, closeOnly) {
		return
	}
	c.removeToxics(c.toServer)
	c.removeToxics(c.toClient)
	l.abort(c.ctx, c.proxy.settings.DrainTimeout, func(undelivered int64) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.undelivered = undelivered > 0
	})
	fromIt, _ := c.pipes(l)
	fromIt.to.close()
	c.settle()
}

// shut closes both legs because the proxy is being closed. A RST that waits
// goes out at once.
func (c *connection) shut() {
	c.stop(c.client, closeOnly, closeOnly)
	c.record(ByProxy, Closed)
	c.cancel()
	for _, l := range []*leg{c.client, c.server} {
		if l.action != SendReset && c.reached(l) {
			l.close()
		}
	}
	c.removeToxics(c.toServer)
	c.removeToxics(c.toClient)
	c.settle()
}

// stop stops the passing of bytes for good and decides what each end gets.
// Whoever comes first decides; to the others it returns false.
func (c *connection) stop(l *leg, action, opposite Action) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped.Load() {
		return false
	}
	c.client.action, c.server.action = opposite, opposite
	l.action = action
	c.giving = opposite != closeOnly // only a cut gives endings to both
	c.stopped.Store(true)
	return true
}

// reached says whether there is a socket toward l: the server's comes late.
func (c *connection) reached(l *leg) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return l == c.client || c.linked
}

// settle closes the books when both pipes are over and both legs closed.
func (c *connection) settle() {
	c.mu.Lock()
	done := !c.over && !c.giving && c.client.closed.Load() &&
		(!c.linked || c.toServer.gone && c.toClient.gone && c.server.closed.Load())
	c.over = c.over || done
	c.mu.Unlock()
	if done {
		c.cancel()
		c.proxy.forget(c)
	}
}

// removeToxics takes the toxics out of one pipe of a stopped connection, so that
// it empties at once. It does not wait: the caller may be the one who has to empty
// the pipe.
func (c *connection) removeToxics(p *pipe) {
	c.mu.Lock()
	none := len(c.chain) == 0
	c.mu.Unlock()
	if !none {
		c.proxy.work.Go(func() { c.removeLast(p.to.end) })
	}
}

// pipes returns the pipe that reads from l and the one that writes to it.
func (c *connection) pipes(l *leg) (from, to *pipe) {
	if l == c.client {
		return c.toServer, c.toClient
	}
	return c.toClient, c.toServer
}

// record keeps who ended the connection first, and how.
func (c *connection) record(by Party, with Ending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.endedBy == "" {
		c.endedBy, c.with = by, with
	}
}

// report says what became of the connection so far.
func (c *connection) report() ConnectionReport {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := ConnectionReport{
		Number: c.number, Client: c.client.conn.RemoteAddr().String(),
		ToServer: c.toServer.position(), ToClient: c.toClient.position(),
		EndedBy: c.endedBy, With: c.with, Over: c.over, Drained: !c.undelivered,
		Unread: c.client.unread.Load(),
	}
	for _, t := range c.drawn {
		r.Toxics = append(r.Toxics, t.toxic.Type)
	}
	return r
}
