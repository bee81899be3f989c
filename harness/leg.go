package harness

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"
	"time"

	"github.com/resetlab/resetlab/harness/internal/socket"
)

// A leg is the proxy's socket toward one end of a connection.
type leg struct {
	end      End
	conn     *net.TCPConn
	secured  *tls.Conn   // what it speaks over conn; nil is plain text
	lag      *socket.Lag // what reads conn, if its last byte is to stay unread; nil otherwise
	sawFIN   atomic.Bool // the end has sent its FIN
	finished atomic.Bool // we have sent ours
	lost     atomic.Bool // it failed: the end sent a RST, or the kernel gave up on it
	closed   atomic.Bool // the socket is closed
	unread   atomic.Bool // with unread data, which makes that a RST
	drained  func()      // what is done before a RST; nil is nothing. Whoever stopped sets it

	// action is what the end gets when the connection is stopped, and is
	// settled before that. After SendReset and closeOnly the leg is closed by
	// whoever stopped the connection, after SendFIN when the end has closed too,
	// after FINThenReset without waiting for that, after Silence when the end
	// resets it.
	action Action
}

// read reads what the end has sent.
func (l *leg) read(b []byte) (int, error) {
	if l.secured != nil {
		return l.secured.Read(b)
	}
	return l.readSocket(b)
}

// write writes to the end.
func (l *leg) write(b []byte) (int, error) {
	if l.secured != nil {
		return l.secured.Write(b)
	}
	return l.conn.Write(b)
}

// readSocket reads what has come to the socket.
func (l *leg) readSocket(b []byte) (int, error) {
	if l.lag != nil {
		return l.lag.Read(b)
	}
	return l.conn.Read(b)
}

// closeOnly is the action for an end that is lost, or of a proxy that closes:
// its leg is closed, and the kernel decides what that sends.
const closeOnly Action = "close"

// notify sends close_notify where TLS is spoken (RFC 8446, section 6.1), for a
// stream that ends as it should.
func (l *leg) notify() {
	if l.secured != nil {
		l.secured.CloseWrite() // it fails where the end is gone, or before the handshake
	}
}

// finish sends a FIN, behind a close_notify if that is wanted. Sending fails only
// where a RST has come, which the reader of this leg sees too.
func (l *leg) finish(notify bool) {
	if notify {
		l.notify()
	}
	l.finished.Store(true)
	l.conn.CloseWrite()
}

// finishDeaf sends a FIN, and makes the kernel answer what still comes with a
// RST (tcp_rcv_state_process: data behind a shutdown for reading).
func (l *leg) finishDeaf() {
	l.finished.Store(true)
	socket.ShutBoth(l.conn)
}

// close closes the socket; a FIN goes out unless one did, or a RST if the end
// had sent bytes that nobody read.
func (l *leg) close() {
	if l.lag != nil {
		l.lag.Release()
	}
	l.conn.Close() // an error says that it was closed or reset already
	l.closed.Store(true)
}

// abort sends a RST once the end's kernel has every byte passed to it, and what
// is to be done then has been. It calls settled with the number of bytes that it
// has to throw away, just before the RST.
func (l *leg) abort(ctx context.Context, patience time.Duration, settled func(undelivered int64)) {
	left := socket.Drain(ctx, l.conn, patience)
	if left > 0 && l.finished.Load() {
		left-- // a FIN is counted as a byte
	}
	if l.drained != nil {
		l.drained()
	}
	settled(left)
	if l.lag != nil && l.lag.Stop() {
		l.unread.Store(true)
	} else {
		l.conn.SetLinger(0) // fails only on a closed socket
	}
	l.conn.Close() // an error says that it was closed or reset already
	l.closed.Store(true)
}
