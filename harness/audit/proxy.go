package audit

import (
	"context"
	"fmt"
	"net"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// newProxy starts a proxy in front of the origin that listens at an address, and
// is watched at the cell's place if watch is not nil.
func (l *localInjector) newProxy(address string, watch func(connection int) harness.Watcher) (*harness.Proxy, error) {
	listener, err := l.listen(address)
	if err != nil {
		return nil, err
	}
	o := harness.Options{
		Listener: listener, TLS: l.subject.TLS, CloseNotify: l.cell.Fault == point.CloseNote,
		Unread: watch != nil && l.cell.Fault == point.Unread, Struck: l.noteStrike, BeforeReset: l.beforeReset(),
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return l.dial(ctx) },
	}
	switch {
	case watch == nil:
	case l.cell.Fault == point.RSTStream:
		o.Filter = l.trigger.newFilter
	case l.cell.Fault.Harmless():
		o.Watch, o.Pace = l.trigger.watchPaced, l.pace
	case l.subject.inHandshake(l.place.ID):
		o.WatchHandshake = watch
	default:
		o.Watch = watch
	}
	proxy, err := harness.StartProxy(l.subject.Origin.Addr(), o)
	if err != nil {
		listener.Close()
	}
	return proxy, err
}

// unreadBy is how many clients of a proxy got a RST for want of reading.
func unreadBy(p *harness.Proxy) (n int) {
	for _, c := range p.Connections() {
		if c.Unread {
			n++
		}
	}
	return n
}

// A trackingListener tells of the connections that it accepts, without those of
// the barrier.
type trackingListener struct {
	net.Listener
	track   func(net.Conn)
	barrier *barrier
}

// Accept accepts a connection.
func (l trackingListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err == nil && l.barrier.accept(conn) {
			continue
		}
		if err == nil {
			l.track(conn)
		}
		return conn, err
	}
}

// listen listens for the client of the cell.
func (l *localInjector) listen(address string) (net.Listener, error) {
	listener, err := listenAt(address)
	if err != nil {
		return nil, err
	}
	l.nameEndpoint(listener.Addr().String())
	return trackingListener{listener, l.track, &l.barrier}, nil
}

// track notes that a client has connected, and with which socket.
func (l *localInjector) track(conn net.Conn) {
	l.lastConnected.Store(int64(l.clock.now()))
	select {
	case l.connected <- struct{}{}:
	default:
	}
	if !l.sweeping {
		l.noteSocket(inodeOf(conn))
	}
}

func listenAt(address string) (net.Listener, error) {
	config := net.ListenConfig{KeepAlive: -1}
	config.SetMultipathTCP(false)
	listener, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for the cell: %w", err)
	}
	return listener, nil
}
