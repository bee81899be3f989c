package audit

import (
	"context"
	"net"
	"net/netip"
	"sync"
)

// A mark is a connection of the audit's own to where the client connects. When
// it is accepted, every connection that the client has made before is, too: a
// client may have sent all, and be gone, before one of them is.
type mark struct {
	mu       sync.Mutex // guards the rest, and is held while connecting
	address  string     // of our end; empty when none is on its way
	accepted chan struct{}
}

// pass connects and waits until that is accepted, or the context ends.
func (m *mark) pass(ctx context.Context, dial func(context.Context) (net.Conn, error)) {
	m.mu.Lock()
	conn, err := dial(ctx)
	if err != nil { // nobody listens any more
		m.mu.Unlock()
		return
	}
	defer conn.Close()
	accepted := make(chan struct{})
	m.address, m.accepted = conn.LocalAddr().String(), accepted
	m.mu.Unlock()
	select {
	case <-accepted:
	case <-ctx.Done():
	}
}

// met says whether a connection is the mark, and closes it then.
func (m *mark) met(conn net.Conn) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.address == "" || conn.RemoteAddr().String() != m.address {
		return false
	}
	m.address = ""
	close(m.accepted)
	conn.Close()
	return true
}

// connectMark connects to where the client does.
func (t *trial) connectMark(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{KeepAlive: -1, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(t.source, 0))}
	dialer.SetMultipathTCP(false)
	conn, err := dialer.DialContext(ctx, "tcp", t.address)
	if err == nil && t.recording != nil && !t.toldAll {
		t.recording.Note("audit", conn.LocalAddr().String())
	}
	return conn, err
}
