package harness

import "sync"

// A Filter decides what passes on a connection, by messages where the [Cut]s
// count bytes: it can hold back what is not a whole message yet, leave messages
// out, and say something itself. Its calls are never concurrent.
type Filter interface {
	// Pass takes the next bytes toward an end and returns what each end gets,
	// which is valid until the next call.
	Pass(toward End, b []byte) (toServer, toClient []byte)
	// Rest returns what has been held back toward an end, for a stream that ends.
	Rest(toward End) []byte
}

// A filtering is the filter of a connection, and what it has for the two ends.
type filtering struct {
	filter Filter

	mu                 sync.Mutex // guards the rest; it is taken after a pipe's writing
	toServer, toClient queue
}

// A queue is what is to be written to one end.
type queue struct {
	bytes     []byte
	inserting bool // a goroutine that writes what the other direction has queued is under way
}

// of is the queue of a pipe.
func (f *filtering) of(p *pipe) *queue {
	if p.to.end == Client {
		return &f.toClient
	}
	return &f.toServer
}

// filter passes on what the filter lets pass of b, toward both ends.
func (p *pipe) filter(b []byte) error {
	c, f := p.conn, p.conn.filtering
	against, _ := c.pipes(p.to)
	f.mu.Lock()
	toServer, toClient := f.filter.Pass(p.to.end, b)
	other := f.of(against)
	before := len(other.bytes)
	f.toServer.bytes = append(f.toServer.bytes, toServer...)
	f.toClient.bytes = append(f.toClient.bytes, toClient...)
	insert := len(other.bytes) > before && !other.inserting
	other.inserting = other.inserting || insert
	f.mu.Unlock()
	if insert { // the other end may be slow to read, which is nothing to this direction
		c.proxy.work.Go(func() { against.flush(true) }) // it fails where that end is gone
	}
	return p.flush(false)
}

// filterRest passes on what is left of a stream that ends.
func (p *pipe) filterRest() {
	f := p.conn.filtering
	f.mu.Lock()
	f.of(p).bytes = append(f.of(p).bytes, f.filter.Rest(p.to.end)...)
	f.mu.Unlock()
	p.flush(false) // it fails where the end is gone
}

// flush writes what is queued for the pipe's end. Whoever takes from the queue
// holds writing until it is written, so that the order stays.
func (p *pipe) flush(insertion bool) error {
	f := p.conn.filtering
	p.writing.Lock()
	defer p.writing.Unlock()
	f.mu.Lock()
	b := f.of(p).bytes
	f.of(p).bytes = nil
	f.of(p).inserting = f.of(p).inserting && !insertion
	f.mu.Unlock()
	if len(b) == 0 || p.conn.stopped.Load() {
		return nil
	}
	n, err := p.to.write(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed += int64(n)
	return err
}
