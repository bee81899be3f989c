//go:build !linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// AwaitConnection waits until a connection can be accepted. Linux only;
// errors.ErrUnsupported elsewhere.
func (l *Listener) AwaitConnection(context.Context) error {
	return fmt.Errorf("await a connection at %s: %w", l.Addr(), errors.ErrUnsupported)
}

func acceptQueue(*net.TCPListener) (Queue, error) {
	return Queue{}, fmt.Errorf("ask for the accept queue: %w", errors.ErrUnsupported)
}

func listenAgain(*net.TCPListener, int) error {
	return fmt.Errorf("change the backlog: %w", errors.ErrUnsupported)
}

// reserve finds a port at a stack's address that was free a moment ago.
func reserve(stack Stack) (port uint16, release func(), err error) {
	at := netip.AddrPortFrom(stack.IP(), 0).String()
	listener, err := stack.Listen(context.Background(), "tcp", at)
	if err != nil {
		return 0, nil, err
	}
	return listener.Addr().(*net.TCPAddr).AddrPort().Port(), func() {}, listener.Close()
}

// chooseLate leaves it to the system when it chooses a port.
func chooseLate(string, string, syscall.RawConn) error { return nil }
