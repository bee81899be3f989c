package audit

import (
	"sync"

	"github.com/resetlab/resetlab/harness"
)

// A filter passes on the messages of one connection, and ends its streams where
// the fault strikes.
type filter struct {
	watched *watchedConn

	mu      sync.Mutex // guards the rest, and the queues of both legs
	streams Streams
}

// newFilter is the bridge's newFilter.
func (t *trigger) newFilter(connection int) *filter {
	return &filter{watched: t.follow(connection), streams: t.subject.multiplexed().Streams()}
}

// meet shows a message to the protocol's watcher and says whether the fault
// strikes before it.
func (w *watchedConn) meet(toward harness.End, message []byte, ended bool) (struck bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = w.clock.now()
	if ended {
		w.watcher.See(toward, message) // what it says of other streams may build on this
		return false
	}
	at, _, struck := w.find(toward, message)
	w.count(toward, message, at, struck)
	return struck
}

// deliver gives a leg what has come for it, as far as the filter lets it pass.
func (c *bridged) deliver(to *leg, b []byte) error {
	if c.filter == nil {
		_, err := to.stream.Write(b)
		return err
	}
	toward, other := c.opposite(to)
	f := c.filter
	f.mu.Lock()
	toServer, toClient := f.streams.Pass(toward, b, func(message []byte, ended bool) bool {
		return f.watched.meet(toward, message, ended)
	})
	before := len(other.queue)
	c.server.queue = append(c.server.queue, toServer...)
	c.client.queue = append(c.client.queue, toClient...)
	insert := len(other.queue) > before && !other.inserting
	other.inserting = other.inserting || insert
	f.mu.Unlock()
	if insert { // the other leg may be slow to read, which is nothing to this direction
		c.work.Go(func() { c.flush(other, true) })
	}
	return c.flush(to, false)
}

// deliverRest gives a leg what is left when nothing more comes for it.
func (c *bridged) deliverRest(to *leg) {
	if c.filter == nil {
		return
	}
	toward, _ := c.opposite(to)
	c.filter.mu.Lock()
	to.queue = append(to.queue, c.filter.streams.Rest(toward)...)
	c.filter.mu.Unlock()
	c.flush(to, false) // it fails where the leg is gone
}

// opposite says which end a leg is, and returns the other.
func (c *bridged) opposite(s *leg) (harness.End, *leg) {
	if s == c.client {
		return harness.Client, c.server
	}
	return harness.Server, c.client
}

// flush writes what is queued for a leg. Whoever takes from the queue holds
// the leg until it is written, so that the order stays.
func (c *bridged) flush(to *leg, insertion bool) error {
	to.writing.Lock()
	defer to.writing.Unlock()
	c.filter.mu.Lock()
	b := to.queue
	to.queue = nil
	to.inserting = to.inserting && !insertion
	c.filter.mu.Unlock()
	if len(b) == 0 {
		return nil
	}
	_, err := to.stream.Write(b)
	return err
}
