package audit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/resetlab/resetlab/harness"
)

// A route is how a client reaches the origin in a cell: a proxy, or with TLS
//
//	client ── proxy of records ── bridge ── proxy of plain text ── origin
//
// or, where single streams are struck, a bridge alone, which is what knows
// where messages begin.
type route struct {
	outer, inner *harness.Proxy // the same without TLS; nil where streams are struck
	bridge       *bridge        // nil without TLS, unless streams are struck
	atRecords    bool           // the cell strikes the outer one
}

// newRoute makes a route that begins at an address, and is watched at the cell's
// place if watch is not nil.
func (l *localInjector) newRoute(listen string, watch func(connection int) harness.Watcher) (*route, error) {
	front, err := l.listen(listen)
	if err != nil {
		return nil, err
	}
	w := &route{atRecords: l.place.records}
	if watch != nil && l.cell.Fault == RSTStream {
		b := &bridge{listener: front, config: l.subject.TLS, dial: l.dial, newFilter: l.trigger.newFilter}
		w.bridge = b.start()
		return w, nil
	}
	if l.subject.TLS == nil {
		if w.inner, err = l.newProxy(front, watch, l.cell.Fault == Unread); err != nil {
			return nil, errors.Join(err, front.Close())
		}
		w.outer = w.inner
		return w, nil
	}
	outside, inside := watch, watch
	if l.place.records {
		inside = nil
	} else {
		outside = nil
	}
	if err = w.secure(l, front, outside, inside); err != nil {
		return nil, errors.Join(err, w.Close(), front.Close())
	}
	return w, nil
}

// secure starts what a route with TLS is made of.
func (w *route) secure(l *localInjector, front net.Listener, outside, inside func(int) harness.Watcher) (err error) {
	own := netip.AddrPortFrom(l.source, 0).String()
	plain, err := listenAt(own)
	if err != nil {
		return err
	}
	if w.inner, err = l.newProxy(plain, inside, false); err != nil {
		return errors.Join(err, plain.Close())
	}
	between, err := listenAt(own)
	if err != nil {
		return err
	}
	b := &bridge{listener: between, config: l.subject.TLS, dial: dialPlain(w.inner.Addr())}
	b.abrupt = func(local string) bool { return l.cell.Fault != CloseNote && w.cut(local) }
	w.bridge = b.start()
	w.outer, err = harness.StartProxy(between.Addr().String(), harness.Options{
		Listener: front, Watch: outside, Unread: l.cell.Fault == Unread, Struck: l.noteStrike,
	})
	return err
}

// cut says whether the connection from an address was ended by a cut.
func (w *route) cut(client string) bool {
	return slices.ContainsFunc(w.inner.Connections(), func(c harness.ConnectionReport) bool {
		return c.Client == client && c.EndedBy == harness.ByCut
	})
}

// struck is the proxy that the cell strikes.
func (w *route) struck() *harness.Proxy {
	if w.atRecords {
		return w.outer
	}
	return w.inner
}

// unread is how many clients got a RST for want of reading.
func (w *route) unread() (n int) {
	for _, c := range w.outer.Connections() {
		if c.Unread {
			n++
		}
	}
	return n
}

// Addr is where the route begins.
func (w *route) Addr() string {
	if w.outer == nil {
		return w.bridge.listener.Addr().String()
	}
	return w.outer.Addr()
}

// Close ends everything of the route.
func (w *route) Close() error {
	var problems []error
	if w.outer != nil {
		problems = append(problems, w.outer.Close())
	}
	if w.bridge != nil {
		problems = append(problems, w.bridge.Close())
	}
	if w.inner != nil && w.inner != w.outer {
		problems = append(problems, w.inner.Close())
	}
	return errors.Join(problems...)
}

// newProxy starts a proxy in front of the origin, which closes the listener.
func (l *localInjector) newProxy(listener net.Listener, watch func(int) harness.Watcher, unread bool) (*harness.Proxy, error) {
	return harness.StartProxy(l.subject.Origin.Addr(), harness.Options{
		Listener: listener, Watch: watch, Unread: unread, Struck: l.noteStrike, BeforeReset: l.beforeReset(),
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return l.dial(ctx) },
	})
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
