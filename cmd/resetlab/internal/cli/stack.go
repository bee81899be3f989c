package cli

import (
	"context"
	"net"
	"net/netip"

	"github.com/resetlab/resetlab/harness/lab"
)

// listenAt is the stack of a host that listens at one address, whatever port
// a server asks for.
type listenAt struct {
	lab.Stack // for dialling; nothing does
	address   netip.AddrPort
}

func (s listenAt) IP() netip.Addr { return s.address.Addr() }

func (s listenAt) Listen(ctx context.Context, network, _ string) (net.Listener, error) {
	config := net.ListenConfig{KeepAlive: -1}
	config.SetMultipathTCP(false)
	return config.Listen(ctx, network, s.address.String())
}
