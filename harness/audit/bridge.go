package audit

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/internal/socket"
)

// A bridge speaks TLS with clients, or plain text, and plain text with an
// upstream. It passes on how one end ended as the other's: a RST behind all
// bytes; a FIN as close_notify and a FIN, or without close_notify where it is
// abrupt; half-close.
type bridge struct {
	listener net.Listener // of TCP
	config   *tls.Config  // nil: no TLS
	dial     func(context.Context) (net.Conn, error)
	// abrupt says whether the FIN that has come from the upstream on a
	// connection, known by its address there, goes on without close_notify.
	// Nil means never.
	abrupt func(local string) bool
	// newFilter, if not nil, makes what decides what passes on a connection, by
	// its number in the order of accepting, from 1.
	newFilter func(connection int) *filter

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	broken error // why nothing is accepted any more; settled when work is over
}

// patience is how long an end may take none of the bytes before a RST.
const patience = 2 * time.Second

// start bridges the connections of the listener, which it closes.
func (b *bridge) start() *bridge {
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.work.Go(b.accept)
	return b
}

// dialPlain returns what connects to an address.
func dialPlain(address string) func(context.Context) (net.Conn, error) {
	var dialer net.Dialer
	dialer.SetMultipathTCP(false)
	return func(ctx context.Context) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", address) }
}

// Close ends every connection.
func (b *bridge) Close() error {
	err := b.listener.Close()
	b.cancel()
	b.work.Wait()
	return errors.Join(err, b.broken)
}

func (b *bridge) accept() {
	for number := 1; ; number++ {
		conn, err := b.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			b.broken = fmt.Errorf("bridge: accept: %w", err)
			return
		}
		c := &bridged{bridge: b}
		if b.newFilter != nil {
			c.filter = b.newFilter(number)
		}
		b.work.Go(func() { c.serve(conn.(*net.TCPConn)) })
	}
}

// serve makes the handshake, connects to the upstream, and passes on.
func (c *bridged) serve(client *net.TCPConn) {
	b := c.bridge
	defer client.Close()
	defer context.AfterFunc(b.ctx, func() { client.Close() })()
	c.client = &leg{conn: client, stream: client}
	if b.config != nil {
		secured := tls.Server(client, b.config)
		if err := secured.HandshakeContext(b.ctx); err != nil {
			if harness.EndingOf(err) != harness.Reset {
				goodbye(client)
			}
			return
		}
		c.client.stream = secured
	}
	conn, err := b.dial(b.ctx)
	if err != nil {
		client.SetLinger(0) // nothing nearer to "refused" is left
		return
	}
	server := conn.(*net.TCPConn)
	c.server = &leg{conn: server, stream: server}
	defer context.AfterFunc(b.ctx, c.close)()
	defer c.close()
	var directions sync.WaitGroup
	directions.Go(func() { c.pass(c.client, c.server) })
	directions.Go(func() { c.pass(c.server, c.client) })
	directions.Wait()
}

// goodbye lets a client see the alert that it has been sent: closing with
// unread bytes would reset it.
func goodbye(client *net.TCPConn) {
	client.CloseWrite()
	io.Copy(io.Discard, client)
}

// A bridged connection is one that passes over a bridge.
type bridged struct {
	*bridge
	filter         *filter // nil: everything passes
	client, server *leg

	mu    sync.Mutex
	ended int // directions that have come to their end
	over  bool
}

// A leg is one end of a bridged connection.
type leg struct {
	conn     *net.TCPConn
	stream   io.ReadWriter // over conn
	finished atomic.Bool   // we have sent it a FIN
	ended    atomic.Bool   // its own end has been read

	writing   sync.Mutex // held by whoever writes what was queued
	queue     []byte     // what the filter has for it; filter.mu guards this and the next
	inserting bool       // a goroutine that writes what the other direction has queued is under way
}

// pass passes one direction on, to its end. Each leg is watched by one
// goroutine until the connection is over: a failed write is noticed there.
func (c *bridged) pass(from, to *leg) {
	ending, gone := c.copyTo(from, to)
	switch {
	case gone && to.ended.Load():
		c.reset(from)
	case gone:
	case ending == harness.Finished:
		c.finish(from, to)
	default:
		c.reset(to)
	}
}

// copyTo passes bytes on and says how they ended, or that the other leg
// does not take them any more.
func (c *bridged) copyTo(s, to *leg) (ending harness.Ending, gone bool) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := s.stream.Read(buffer)
		if n > 0 {
			if err := c.deliver(to, buffer[:n]); err != nil {
				return "", true
			}
		}
		if err == nil {
			continue
		}
		ending = harness.EndingOf(err)
		if ending == harness.Finished && !s.finished.Load() && socket.HungUp(s.conn) {
			ending = harness.Reset // a write has taken its error
		}
		return ending, false
	}
}

// finish passes the end of a stream on, and then waits for a RST behind it.
func (c *bridged) finish(from, to *leg) {
	from.ended.Store(true)
	c.deliverRest(to)
	abrupt := c.abrupt != nil && c.abrupt(from.conn.LocalAddr().String())
	if secured, ok := to.stream.(*tls.Conn); ok && !abrupt {
		secured.CloseWrite() // close_notify: it fails where the client is gone
	}
	to.finished.Store(true)
	to.conn.CloseWrite()
	c.mu.Lock()
	c.ended++
	both := c.ended == 2
	c.mu.Unlock()
	if both {
		c.close()
	} else if socket.AwaitReset(from.conn) {
		c.reset(to)
	}
}

// reset ends the connection with a RST to one leg, whose other is lost.
func (c *bridged) reset(s *leg) {
	c.mu.Lock()
	over := c.over
	c.over = true
	c.mu.Unlock()
	if !over {
		socket.Drain(c.ctx, s.conn, patience)
		s.conn.SetLinger(0)
		c.close()
	}
}

// close closes both sockets.
func (c *bridged) close() {
	c.client.conn.Close()
	c.server.conn.Close()
}
