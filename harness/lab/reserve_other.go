//go:build !linux

package lab

import (
	"context"
	"net"
	"net/netip"
)

// reserve finds a port at a stack's address that was free a moment ago.
func reserve(stack Stack) (port uint16, release func(), err error) {
	at := netip.AddrPortFrom(stack.IP(), 0).String()
	listener, err := stack.Listen(context.Background(), "tcp", at)
	if err != nil {
		return 0, nil, err
	}
	return listener.Addr().(*net.TCPAddr).AddrPort().Port(), func() {}, listener.Close()
}
