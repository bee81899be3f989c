package lab

import (
	"context"
	"fmt"
	"net"

	"github.com/resetlab/resetlab/harness"
)

// A Route is the way from a client to a server.
type Route string

const (
	Direct  Route = "direct"  // nothing between
	Proxied Route = "proxied" // the faithful proxy between
	Stock   Route = "stock"   // a plain toxiproxy between
)

// Reach returns the address at which a client reaches server on the route,
// starting the proxy that stands there. The lab closes it.
func (l *Lab) Reach(server Server, route Route) (string, error) {
	switch route {
	case Direct:
		return server.Addr(), nil
	case Proxied:
		proxy, err := l.Proxy(server)
		if err != nil {
			return "", err
		}
		return proxy.Addr(), nil
	case Stock:
		stock, err := harness.StartStockProxy(server.Addr())
		if err != nil {
			return "", fmt.Errorf("reach %s: %w", server.Addr(), err)
		}
		l.Own(stock)
		l.noteEndpoint(Endpoint{Host: "proxy", Address: stock.Addr(), Proxy: true})
		return stock.Addr(), nil
	}
	return "", fmt.Errorf("reach %s: route is %q: allowed are direct, proxied and stock", server.Addr(), route)
}

// Proxy starts a faithful proxy at the host "proxy" in front of server, with
// cuts and toxics. The lab closes it.
func (l *Lab) Proxy(server Server, faults ...harness.Option) (*harness.Proxy, error) {
	host := l.Host("proxy")
	listener, err := host.Listen(l.ctx)
	if err != nil {
		return nil, err
	}
	l.noteEndpoint(Endpoint{Host: host.name, Address: listener.Addr(), Proxy: true})
	l.noteUpstream(server.Addr())
	options := append(faults, harness.Options{Listener: listener.tcp, Dial: host.dialAsProxy})
	proxy, err := harness.StartProxy(server.Addr(), options...)
	if err != nil {
		listener.Close()
		return nil, err
	}
	l.Own(proxy)
	return proxy, nil
}

// dialAsProxy dials in the host's stack and notes whose the connection is.
func (h *Host) dialAsProxy(ctx context.Context, network, address string) (net.Conn, error) {
	h.await()
	conn, err := h.stack.Dial(ctx, network, address)
	if err == nil {
		h.lab.noteEndpoint(Endpoint{Host: h.name, Address: conn.LocalAddr().String(), Proxy: true})
	}
	return conn, err
}
