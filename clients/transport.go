package clients

import (
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/resetlab/resetlab/harness/lab"
)

// A transport is net/http's over connections of a host.
type transport struct {
	http.Transport

	mu    sync.Mutex
	conns []*lab.Conn
}

// newTransport returns a transport at h. Its connections end with ctx:
// net/http ends the context that it dials with once it is connected.
func newTransport(ctx context.Context, h *lab.Host) *transport {
	t := &transport{}
	t.DialContext = func(_ context.Context, _, address string) (net.Conn, error) {
		c, err := h.Dial(ctx, address)
		if err != nil {
			return nil, err
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.conns = append(t.conns, c)
		return c, nil
	}
	return t
}

// outcomes returns what was seen of each connection, in the order of opening.
func (t *transport) outcomes() []lab.Outcome {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []lab.Outcome
	for _, c := range t.conns {
		all = append(all, c.Outcome())
	}
	return all
}

// close closes every connection. net/http closes them too, in its own time.
func (t *transport) close() {
	t.CloseIdleConnections()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.conns {
		c.Close() // it may be closed already
	}
}
