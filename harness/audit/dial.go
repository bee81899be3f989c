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
func (t *trial) dial(ctx context.Context) (net.Conn, error) {
	dialer := &net.Dialer{KeepAlive: -1, Control: socket.ChooseLate}
	dialer.SetMultipathTCP(false)
	if source := t.origination(); source.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))
	}
	conn, err := dialer.DialContext(ctx, "tcp", t.subject.Origin.Addr())
	if err != nil {
		if outOfPorts(err) && t.reached.Load() {
			t.portless.Store(true)
		}
		return nil, fmt.Errorf("dial the origin: %w", err)
	}
	t.reached.Store(true)
	t.dialled.Add(1)
	t.note(conn.LocalAddr().String())
	return conn, nil
}

// origination is the address from which a cell connects to the origin; the zero
// address leaves it to the kernel, which takes 127.0.0.1 on the loopback. Only an
// origin that tells connections by their sources gets the cell's own: another
// server may admit nobody else, as PostgreSQL does by its stock pg_hba.conf.
func (t *trial) origination() netip.Addr {
	if t.subject.Source.IsValid() {
		return t.subject.Source
	}
	to, err := netip.ParseAddrPort(t.subject.Origin.Addr())
	if _, tells := t.subject.Origin.(Settler); tells && err == nil && to.Addr().IsLoopback() && to.Addr().Is4() {
		return t.source
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
func (t *trial) awaitPort(ctx context.Context) error {
	t.ports.Lock()
	defer t.ports.Unlock()
	t.waiting.Do(func() {
		t.logf("every port of %s towards %s is in use, or was (TIME_WAIT): waiting for one; another source has others",
			t.origin(), t.subject.Origin.Addr())
	})
	const patience = 3 * time.Minute // TIME_WAIT thrice
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(patience / 1000)
	defer tick.Stop()
	probe := &trial{run: t.run, source: t.source} // which nobody records
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
			return fmt.Errorf("no port of %s became free within %v: connect from another source: %w", t.origin(), patience, err)
		}
	}
}

// origin names where connections to the origin come from.
func (t *trial) origin() string {
	if source := t.origination(); source.IsValid() {
		return source.String()
	}
	return "this host"
}
