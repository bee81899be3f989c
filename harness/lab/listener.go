package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// A Listener accepts connections for a host. Its methods may be called by
// several goroutines at the same time.
type Listener struct {
	host *Host
	tcp  *net.TCPListener
}

// Accept waits for the next connection, whose calls fail when ctx ends. The
// wait itself ends with [Listener.Close].
func (l *Listener) Accept(ctx context.Context) (*Conn, error) {
	start := time.Now()
	tcp, err := l.tcp.AcceptTCP()
	if err != nil {
		return nil, err
	}
	c := newConn(ctx, l.host, tcp, "")
	c.record.Remember(Accept, start, 0, nil)
	return c, nil
}

// Addr returns the address, host:port, that clients connect to.
func (l *Listener) Addr() string { return l.tcp.Addr().String() }

// TCP returns the listening socket itself.
func (l *Listener) TCP() *net.TCPListener { return l.tcp }

// Host returns the host that listens.
func (l *Listener) Host() *Host { return l.host }

// Close stops listening; connections waiting to be accepted are reset. Closing
// once more does nothing.
func (l *Listener) Close() error {
	if err := l.tcp.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close listener %s: %w", l.Addr(), err)
	}
	return nil
}

// An Endpoint is an address of one of the lab's hosts: one that it listens on,
// or one from which its proxy dials. Or it is one that its proxy dials and that
// none of the hosts listens on.
type Endpoint struct {
	Host    string `json:"host"`    // its name; empty if it is none of the lab's
	Address string `json:"address"` // ip:port
	Proxy   bool   `json:"proxy"`   // a proxy's, whose calls no journal has
}

// endpointsKept bounds what a lab knows of its endpoints.
const endpointsKept = 1 << 14

// Endpoints returns the addresses that the lab's hosts have listened on, and
// that its proxies have dialled from and were to dial, the first 16,384 of them,
// in that order. The addresses of connections are in the [Journal].
func (l *Lab) Endpoints() []Endpoint {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Endpoint(nil), l.endpoints...)
}

// AddEndpoint tells the lab of a socket that somebody else has opened at its
// address, so that a recording shows whose it is.
func (l *Lab) AddEndpoint(e Endpoint) { l.noteEndpoint(e) }

// noteUpstream notes what a proxy dials, if it is none of the lab's.
func (l *Lab) noteUpstream(address string) {
	for _, e := range l.Endpoints() {
		if e.Address == address {
			return
		}
	}
	l.noteEndpoint(Endpoint{Address: address})
}

func (l *Lab) noteEndpoint(e Endpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	tell(e.Address, l.addressed...)
	if len(l.endpoints) < endpointsKept {
		l.endpoints = append(l.endpoints, e)
	}
}

// A Queue is what the kernel says of a listener's accept queue: connections
// that are established and that nobody has accepted yet.
type Queue struct {
	Length  int // connections in it
	Backlog int // it is full when it holds more than so many
	Dropped int // segments that the listener has dropped, SYNs at a full queue among them
}

// Queue asks the kernel about the accept queue. Linux only;
// errors.ErrUnsupported elsewhere.
func (l *Listener) Queue() (Queue, error) { return acceptQueue(l.tcp) }

// SetBacklog changes the size of the accept queue, which then has room for one
// connection more than backlog (listen(2); include/net/sock.h,
// sk_acceptq_is_full). Linux only; errors.ErrUnsupported elsewhere.
func (l *Listener) SetBacklog(backlog int) error { return listenAgain(l.tcp, backlog) }
