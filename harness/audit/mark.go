package audit

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A mark is a connection of the audit's own to where the client connects. When
// it is accepted, every connection that the client has made before is, too: a
// client may have sent all, and be gone, before one of them is.
type mark struct {
	mu       sync.Mutex               // guards the rest, and is held while connecting
	accepted map[string]chan struct{} // of those on their way, by the address of our end
}

// pass connects and waits until that is accepted, or the context ends.
func (m *mark) pass(ctx context.Context, dial func(context.Context) (net.Conn, error)) {
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	conn, err := dial(context.WithoutCancel(ctx)) // one that was given up would be accepted as a client's
	if err != nil {                               // nobody listens any more
		m.mu.Unlock()
		return
	}
	defer conn.Close()
	accepted := make(chan struct{})
	if m.accepted == nil {
		m.accepted = map[string]chan struct{}{}
	}
	m.accepted[conn.LocalAddr().String()] = accepted
	m.mu.Unlock()
	select {
	case <-accepted:
	case <-ctx.Done(): // it may still be accepted, and is no client's then either
	}
}

// met says whether a connection is a mark, and closes it then.
func (m *mark) met(conn net.Conn) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	accepted, ours := m.accepted[conn.RemoteAddr().String()]
	if ours {
		delete(m.accepted, conn.RemoteAddr().String())
		close(accepted)
		conn.Close()
	}
	return ours
}

// connectMark connects to where the client does.
func (l *localInjector) connectMark(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: time.Second, KeepAlive: -1, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(l.source, 0))}
	dialer.SetMultipathTCP(false)
	conn, err := dialer.DialContext(ctx, "tcp", l.proxy.Addr())
	if err == nil && l.recording != nil && !l.recorded {
		l.recording.Note("audit", conn.LocalAddr().String())
	}
	return conn, err
}
