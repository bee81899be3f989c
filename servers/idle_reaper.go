package servers

import (
	"context"
	"fmt"
	"sync"

	"github.com/resetlab/resetlab/harness/lab"
)

// An IdleReaper is an echo server that ends idle connections, by a clock that
// is turned by hand: a busy machine cannot stretch its units, so that a client
// which is in time by the clock is in time.
type IdleReaper struct {
	lab.Server
	timeout int
	ask     string

	mu   sync.Mutex
	idle map[*lab.Conn]int // units since something came
}

// StartIdleReaper starts a reaper at h that closes a connection in the unit of
// time, counted from 1, in which it has been idle for timeout. In each unit
// before it sends ask, if there is anything to send. The lab closes it.
func StartIdleReaper(h *lab.Host, timeout int, ask string) (*IdleReaper, error) {
	if timeout < 1 {
		return nil, fmt.Errorf("start an idle reaper: timeout is %d: allowed is 1 or more", timeout)
	}
	r := &IdleReaper{timeout: timeout, ask: ask, idle: map[*lab.Conn]int{}}
	server, err := lab.Serve(h, r.echo)
	if err != nil {
		return nil, err
	}
	r.Server = server
	return r, nil
}

func (r *IdleReaper) echo(ctx context.Context, c *lab.Conn) {
	defer r.forget(c)
	buffer := make([]byte, 4096)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return
		}
		r.heard(c)
		if _, err := c.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// heard comes before the echo: a client that has its echo is not idle.
func (r *IdleReaper) heard(c *lab.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.idle[c] = 0
}

func (r *IdleReaper) forget(c *lab.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.idle, c)
}

// Tick lets one unit of time pass for every connection over which something
// came once.
func (r *IdleReaper) Tick() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.idle {
		r.idle[c]++
		switch {
		case r.idle[c] == r.timeout:
			delete(r.idle, c)
			c.Close() // its error is in the outcome
		case r.ask != "":
			c.Write([]byte(r.ask)) // as is this one
		}
	}
}
