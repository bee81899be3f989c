package audit

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/resetlab/resetlab/harness/internal/socket"
)

// dial connects to the origin.
func (l *localInjector) dial(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{KeepAlive: -1, Control: socket.ChooseLate}
	dialer.SetMultipathTCP(false)
	if source := l.origination(); source.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	conn, err := dialer.DialContext(ctx, "tcp", l.subject.Origin.Addr())
	if err != nil {
		if outOfPorts(err) && l.reached.Load() {
			l.portless.Store(true)
		}
		return nil, fmt.Errorf("dial the origin: %w", err)
	}
	l.reached.Store(true)
	l.dialled.Add(1)
	l.nameEndpoint(conn.LocalAddr().String())
	return conn, nil
}

// origination is the address from which a cell connects to the origin; the zero
// address leaves it to the kernel, which takes 127.0.0.1 on the loopback. Only an
// origin that tells connections by their sources gets the cell's own: another
// server may admit nobody else, as PostgreSQL does by its stock pg_hba.conf.
func (l *localInjector) origination() netip.Addr {
	if l.subject.Source.IsValid() {
		return l.subject.Source
	}
	to, err := netip.ParseAddrPort(l.subject.Origin.Addr())
	if _, tells := l.subject.Origin.(settler); tells && err == nil && to.Addr().IsLoopback() && to.Addr().Is4() {
		return l.source
	}
	return netip.Addr{}
}

// CheckSource says why nothing can be connected to from an address: it is none of
// this machine's.
func CheckSource(source netip.Addr) error {
	probe, err := net.ListenPacket("udp", netip.AddrPortFrom(source, 0).String())
	if err != nil {
		return fmt.Errorf("%v is no address of this machine: %w", source, err)
	}
	return probe.Close()
}

// outOfPorts says whether a connection could not be made because every port of
// the source is in use, or was a moment ago: TIME_WAIT, 60 s (tcp(7)). A host that
// has no address to connect from gives the same error, to every connection.
func outOfPorts(err error) bool {
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EADDRINUSE)
}

// awaitPort waits until the origin can be connected to again. One cell asks for
// all: it connects, and resets that connection, which leaves no TIME_WAIT.
func (l *localInjector) awaitPort(ctx context.Context) error {
	l.ports.Lock()
	defer l.ports.Unlock()
	l.waiting.Do(func() {
		l.logf("every port of %s towards %s is in use, or was (TIME_WAIT): waiting for one; another source has others",
			l.origin(), l.subject.Origin.Addr())
	})
	const patience = 3 * time.Minute // TIME_WAIT thrice
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(patience / 1000)
	defer tick.Stop()
	probe := &localInjector{run: l.run, source: l.source} // which nobody records
	for {
		conn, err := probe.dial(bounded)
		if err == nil {
			conn.(*net.TCPConn).SetLinger(0)
			return conn.Close()
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		select {
		case <-tick.C:
		case <-bounded.Done():
			return fmt.Errorf("no port of %s became free within %v: connect from another source: %w", l.origin(), patience, err)
		}
	}
}

// origin names where connections to the origin come from.
func (l *localInjector) origin() string {
	if source := l.origination(); source.IsValid() {
		return source.String()
	}
	return "this host"
}
