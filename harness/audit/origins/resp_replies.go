package origins

import (
	"bytes"
	"net"
	"sync"
)

// replies are what a connection is still to be sent. Miniredis writes a reply
// while it holds the lock of its store: a client that does not read may not
// make it wait.
type replies struct {
	conn    net.Conn
	mu      sync.Mutex
	more    *sync.Cond // there is something to send, or no more to come
	waiting []byte
	first   []byte // the beginning of the reply to the command being performed
	muted   bool   // what is written is not sent
	closed  bool
	sent    chan struct{} // closed when everything has been sent
}

// maxWaiting is how much may wait to be sent. Redis, too, ends the connection
// of a client that does not read (client-output-buffer-limit).
const maxWaiting = 32 << 20

func newReplies(conn net.Conn) *replies {
	r := &replies{conn: conn, sent: make(chan struct{})}
	r.more = sync.NewCond(&r.mu)
	go r.send()
	return r
}

// Write takes a part of a reply. It does not fail: that a connection is gone,
// its reader notices.
func (r *replies) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.muted {
		return len(b), nil
	}
	const decides = 5 // bytes: *-1\r\n
	r.first = append(r.first, b[:min(len(b), max(0, decides-len(r.first)))]...)
	if r.waiting = append(r.waiting, b...); len(r.waiting) > maxWaiting {
		r.conn.Close()
		r.waiting, r.closed = nil, true
	}
	r.more.Signal()
	return len(b), nil
}

// begin forgets the beginning of the last reply.
func (r *replies) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.first = r.first[:0]
}

// begun returns the beginning of the reply to the command being performed.
func (r *replies) begun() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	return bytes.Clone(r.first)
}

// mute drops what is written from now on, or no more.
func (r *replies) mute(muted bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.muted = muted
}

// send sends what is written until the replies are closed.
func (r *replies) send() {
	defer close(r.sent)
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		for len(r.waiting) == 0 && !r.closed {
			r.more.Wait()
		}
		if len(r.waiting) == 0 {
			return
		}
		now := r.waiting
		r.waiting = nil
		r.mu.Unlock()
		r.conn.Write(now) // its error shows to the reader, too
		r.mu.Lock()
	}
}

// close waits until everything has been sent.
func (r *replies) close() {
	r.mu.Lock()
	r.closed = true
	r.more.Signal()
	r.mu.Unlock()
	<-r.sent
}
