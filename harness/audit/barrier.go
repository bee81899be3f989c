package audit

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// A barrier is a connection of the audit's own to where the client connects. When
// it is accepted, every connection that the client has made before is, too: a
// client may have sent all, and be gone, before one of them is.
type barrier struct {
	mu       sync.Mutex               // guards the rest, and is held while connecting
	accepted map[string]chan struct{} // of those on their way, by the address of our end
}

// pass connects and waits until that is accepted, or the context ends.
func (b *barrier) pass(ctx context.Context, dial func(context.Context) (net.Conn, error)) {
	if ctx.Err() != nil {
		return
	}
	b.mu.Lock()
	conn, err := dial(context.WithoutCancel(ctx)) // one that was given up would be accepted as a client's
	if err != nil {                               // nobody listens any more
		b.mu.Unlock()
		return
	}
	defer conn.Close()
	accepted := make(chan struct{})
	if b.accepted == nil {
		b.accepted = map[string]chan struct{}{}
	}
	b.accepted[conn.LocalAddr().String()] = accepted
	b.mu.Unlock()
	select {
	case <-accepted:
	case <-ctx.Done(): // it may still be accepted, and is no client's then either
	}
}

// accept says whether a connection is one of the barrier's own, and closes it then.
func (b *barrier) accept(conn net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	accepted, ours := b.accepted[conn.RemoteAddr().String()]
	if ours {
		delete(b.accepted, conn.RemoteAddr().String())
		close(accepted)
		conn.Close()
	}
	return ours
}

// dialBarrier connects to where the client does.
func (l *localInjector) dialBarrier(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: time.Second, KeepAlive: -1, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(l.source, 0))}
	dialer.SetMultipathTCP(false)
	conn, err := dialer.DialContext(ctx, "tcp", l.faulty.Addr())
	if err == nil && l.recording != nil && !l.recorded {
		l.recording.Note("audit", conn.LocalAddr().String())
	}
	return conn, err
}
