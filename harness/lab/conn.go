package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// A Conn is a TCP connection that remembers each call on it, with result and
// time, and how it ended. It is a net.Conn. Its calls fail with a deadline
// error when the context ends that it was opened with.
//
// A Conn whose connect failed is good for its [Conn.Outcome]; every other
// call returns the error of connect and is not remembered.
type Conn struct {
	tcp    *net.TCPConn // nil if connect failed
	failed error        // the error of connect
	lab    *Lab
	record *Record
	ctx    context.Context // ends the calls
	unbind func() bool     // releases ctx

	ending sync.Once

	addresses addresses
	left      chan struct{} // closed when the peer has left, see leave
	read      int64         // bytes that it had read then

	mu           sync.Mutex
	readDeadline time.Time // as set from outside
}

// newConn starts remembering; tcp is nil if opening failed.
func newConn(ctx context.Context, h *Host, tcp *net.TCPConn, remote string) *Conn {
	local, ends := "", addresses{}
	if tcp != nil {
		ends = addresses{addrPort(tcp.LocalAddr()), addrPort(tcp.RemoteAddr())}
		local, remote = ends.local.String(), ends.remote.String()
	}
	c := &Conn{
		tcp: tcp, lab: h.lab, record: h.Record(local, remote), ctx: ctx, unbind: func() bool { return true },
		addresses: ends, left: make(chan struct{}),
	}
	if tcp != nil {
		c.unbind = context.AfterFunc(ctx, func() { tcp.SetDeadline(past) })
		h.lab.opened(c)
	}
	return c
}

// past is a deadline that has gone by.
var past = time.Unix(1, 0)

// Outcome returns what this end has seen so far.
func (c *Conn) Outcome() Outcome { return c.record.Outcome() }

// Read reads up to len(b) bytes, as read(2) does.
func (c *Conn) Read(b []byte) (int, error) {
	if c.tcp == nil {
		return 0, c.failed
	}
	start := time.Now()
	n, err := c.tcp.Read(b)
	c.record.Remember(Read, start, n, err)
	return n, err
}

// Write writes all of b unless it fails; n then says how much was taken.
func (c *Conn) Write(b []byte) (int, error) {
	if c.tcp == nil {
		return 0, c.failed
	}
	start := time.Now()
	n, err := c.tcp.Write(b)
	c.record.Remember(Write, start, n, err)
	return n, err
}

// CloseWrite half-closes: a FIN goes out behind what was written, reading
// goes on (shutdown(2), SHUT_WR).
func (c *Conn) CloseWrite() error {
	if c.tcp == nil {
		return c.failed
	}
	start := time.Now()
	err := c.tcp.CloseWrite()
	c.record.Remember(Shutdown, start, 0, err)
	return err
}

// Close closes the socket. A FIN goes out, or a RST if there are bytes that
// were not read (RFC 1122, section 4.2.2.13). Closing once more does nothing.
func (c *Conn) Close() error { return c.end(CloseOp) }

// Abort closes the socket with a RST in the place of a FIN, throwing away
// what was not yet sent (socket(7), SO_LINGER with a timeout of 0).
func (c *Conn) Abort() error { return c.end(Abort) }

// end ends the connection. Whoever calls it later, or at the same time, finds
// it closed when end returns.
func (c *Conn) end(op Op) (err error) {
	if c.tcp == nil {
		return nil
	}
	c.ending.Do(func() {
		start := time.Now()
		peer, read, quiet := c.lab.peer(c), int64(0), false
		if op == Abort {
			err = c.tcp.SetLinger(0)
		} else if peer != nil { // who has no peer here need not ask the kernel
			read, quiet = closesQuietly(c.tcp)
		}
		err = errors.Join(err, c.tcp.Close())
		c.record.Remember(op, start, 0, err)
		c.unbind()
		c.lab.closed(c)
		if quiet && err == nil {
			peer.leave(read)
		}
	})
	return err
}

// CloseUnread waits until a byte has come that nobody read, and closes: the
// kernel answers with a RST. Linux only; errors.ErrUnsupported elsewhere.
func (c *Conn) CloseUnread(ctx context.Context) error {
	return errors.Join(c.AwaitReadable(ctx), c.Close())
}

// AwaitReset waits until a RST has come, without taking its error from the
// socket (poll(2): POLLERR). The wait ends at once, with an error whose Ending is
// Finished, if the peer's FIN comes in its place, or if the peer is a Conn of the
// same lab and has closed so that no RST can come any more. Nobody may be reading
// or writing at the same time. Linux only; errors.ErrUnsupported elsewhere.
func (c *Conn) AwaitReset(ctx context.Context) error {
	ctx, release := c.untilPeerLeft(ctx)
	defer release()
	return c.await(ctx, pollReset, "a RST")
}

// AwaitResetAfterFinish is AwaitReset for where the peer's FIN comes before its
// RST: it does not end the wait.
func (c *Conn) AwaitResetAfterFinish(ctx context.Context) error {
	ctx, release := c.untilPeerLeft(ctx)
	defer release()
	return c.await(ctx, pollResetAfterFinish, "a RST behind the FIN")
}

// AwaitFinish waits until the peer's FIN has come, reading nothing (poll(2):
// POLLRDHUP). A RST ends the wait at once, with an error whose Ending is Reset.
// Otherwise as AwaitReset.
func (c *Conn) AwaitFinish(ctx context.Context) error { return c.await(ctx, pollFinish, "a FIN") }

// AwaitReadable waits until there is something to read, a byte or an ending,
// and leaves it there (poll(2): POLLIN). Otherwise as AwaitReset.
func (c *Conn) AwaitReadable(ctx context.Context) error {
	return c.await(ctx, pollReadable, "something to read")
}

func (c *Conn) await(ctx context.Context, event pollEvent, what string) error {
	if c.tcp == nil {
		return c.failed
	}
	start := time.Now()
	given := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		c.tcp.SetReadDeadline(past)
		close(given)
	})
	err := awaitEvent(c.tcp, event)
	if !stop() {
		<-given
		c.restoreDeadline()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = fmt.Errorf("await %s: %w", what, givenUp(ctx))
		}
	}
	c.record.Remember(Poll, start, 0, err)
	return err
}

// givenUp returns why ctx ended. The cause that somebody gave it, as Ginkgo
// does, need not be known as the context's error: then both are in it.
func givenUp(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, ctx.Err()) || errors.Is(cause, errPeerLeft) {
		return cause
	}
	return fmt.Errorf("%w: %w", ctx.Err(), cause)
}

// restoreDeadline undoes the deadline that gave up a wait: the connection was
// not given up, unless its own context has ended too.
func (c *Conn) restoreDeadline() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tcp.SetReadDeadline(c.readDeadline)
	c.stayEnded()
}

// stayEnded lets the end of the connection's context outlast a new deadline.
func (c *Conn) stayEnded() {
	if c.ctx.Err() != nil {
		c.tcp.SetDeadline(past)
	}
}

// SocketError takes the pending error from the socket, as getsockopt(2) with
// SO_ERROR does; nil if there is none.
func (c *Conn) SocketError() error {
	if c.tcp == nil {
		return c.failed
	}
	start := time.Now()
	err := socketError(c.tcp)
	c.record.Remember(SocketErr, start, 0, err)
	return err
}

// Disconnect dissolves the association with connect(2) to AF_UNSPEC: a RST
// goes out and the descriptor stays. Linux only; errors.ErrUnsupported
// elsewhere.
func (c *Conn) Disconnect() error {
	if c.tcp == nil {
		return c.failed
	}
	start := time.Now()
	err := disconnect(c.tcp)
	c.record.Remember(Disconnect, start, 0, err)
	return err
}

// TCP returns the socket itself, for options that no scenario needs twice.
// Calls on it are not remembered. It is nil if connect failed.
func (c *Conn) TCP() *net.TCPConn { return c.tcp }

// LocalAddr returns this end's address; nil if connect failed.
func (c *Conn) LocalAddr() net.Addr {
	if c.tcp == nil {
		return nil
	}
	return c.tcp.LocalAddr()
}

// RemoteAddr returns the other end's address; nil if connect failed.
func (c *Conn) RemoteAddr() net.Addr {
	if c.tcp == nil {
		return nil
	}
	return c.tcp.RemoteAddr()
}

// SetDeadline sets the deadline of reading and writing; zero means none.
func (c *Conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// SetReadDeadline sets the deadline of reading; zero means none.
func (c *Conn) SetReadDeadline(t time.Time) error {
	if c.tcp == nil {
		return c.failed
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.stayEnded()
	c.readDeadline = t
	return c.tcp.SetReadDeadline(t)
}

// SetWriteDeadline sets the deadline of writing; zero means none.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if c.tcp == nil {
		return c.failed
	}
	defer c.stayEnded()
	return c.tcp.SetWriteDeadline(t)
}

// CloseRead promises not to read any more (shutdown(2), SHUT_RD). Nothing goes
// out. What Linux makes of bytes that still come depends on the other
// direction; see tcp_rcv_state_process in net/ipv4/tcp_input.c.
func (c *Conn) CloseRead() error {
	if c.tcp == nil {
		return c.failed
	}
	start := time.Now()
	err := c.tcp.CloseRead()
	c.record.Remember(ShutdownRead, start, 0, err)
	return err
}
