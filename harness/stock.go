package harness

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// A StockProxy is toxiproxy as it comes. It turns the reset of one end into a
// clean end for the other, knows no half-close, and accepts before it knows
// that its upstream refuses. It is here to show that.
type StockProxy struct {
	proxy *toxiproxy.Proxy
	api   *toxiproxy.ApiServer

	mu     sync.Mutex
	closed bool
	server *http.Server // serves the HTTP API; nil until asked for
	served chan error
}

// StartStockProxy starts a plain toxiproxy on the loopback in front of
// upstream, a host:port.
func StartStockProxy(upstream string) (*StockProxy, error) {
	s, err := settle(upstream, nil)
	if err != nil {
		return nil, fmt.Errorf("stock proxy: %w", err)
	}
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(api, "stock", s.Listen, upstream)
	if err := api.Collection.Add(proxy, true); err != nil {
		return nil, fmt.Errorf("stock proxy for %s: %w", upstream, err)
	}
	return &StockProxy{proxy: proxy, api: api}, nil
}

// Addr returns the address, host:port, that clients connect to.
func (s *StockProxy) Addr() string {
	s.proxy.Lock() // the API may be moving it
	defer s.proxy.Unlock()
	return s.proxy.Listen
}

// Name returns the proxy's name in the HTTP API.
func (s *StockProxy) Name() string { return s.proxy.Name }

// ServeAPI serves toxiproxy's HTTP API on a free port of the loopback and
// returns its base URL, for toxiproxy's clients. Asked again it returns the
// same URL; on a closed proxy the error is net.ErrClosed.
func (s *StockProxy) ServeAPI() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", fmt.Errorf("serve toxiproxy's API: the proxy is closed: %w", net.ErrClosed)
	}
	if s.server != nil {
		return "http://" + s.server.Addr, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("serve toxiproxy's API: %w", err)
	}
	s.server = &http.Server{Addr: listener.Addr().String(), Handler: s.api.Routes()}
	s.served = make(chan error, 1)
	go func() { s.served <- s.server.Serve(listener) }()
	return "http://" + s.server.Addr, nil
}

// Close stops the proxy and its API and closes its connections. Toxiproxy
// does not wait for the goroutines of a connection, and with some toxics
// leaves some behind. A second Close does nothing.
func (s *StockProxy) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var stopped error
	if s.server != nil {
		stopped = s.server.Close()
		if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
			stopped = errors.Join(stopped, served)
		}
	}
	if err := errors.Join(stopped, s.api.Collection.Clear()); err != nil {
		return fmt.Errorf("stop the stock proxy at %s: %w", s.Addr(), err)
	}
	return nil
}
