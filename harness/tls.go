package harness

import (
	"crypto/tls"
	"errors"
	"net"
)

// errStruck ends a handshake that a cut has struck.
var errStruck = errors.New("the connection was cut in its TLS handshake")

// A recordConn is the client's socket as TLS reads and writes it. What passes is
// shown to the watcher of the handshake first.
type recordConn struct {
	*net.TCPConn
	conn *connection
}

// secure makes the client's leg speak TLS, once the handshake has been made.
func (c *connection) secure(config *tls.Config) {
	c.client.secured = tls.Server(recordConn{c.client.conn, c}, config)
}

// shakeHands makes the TLS handshake if there is one, and says whether the
// connection goes on.
func (c *connection) shakeHands() bool {
	if c.client.secured == nil {
		return true
	}
	err := c.client.secured.Handshake() // a closed proxy closes the socket
	c.shaken.Store(true)
	if err == nil {
		return !c.stopped.Load()
	}
	ending := EndingOf(err)
	c.record(ByClient, ending)
	if ending == Reset {
		if c.stop(c.client, closeOnly, closeOnly) {
			c.client.close()
		}
	} else if c.stop(c.client, SendFIN, closeOnly) {
		c.client.finish(false) // closing with unread bytes would reset a client that has an alert to read
		c.proxy.work.Go(func() { c.swallow(c.client) })
	}
	return false
}

// Read reads what the client has sent.
func (r recordConn) Read(b []byte) (int, error) {
	n, err := r.conn.client.readSocket(b)
	if r.conn.shaken.Load() || n == 0 {
		return n, err
	}
	if cut, at := r.conn.meetRecords(Server, b[:n]); cut != nil {
		r.conn.strikeRecords(cut, r.conn.toServer)
		return at, errStruck
	}
	return n, err
}

// Write writes to the client.
func (r recordConn) Write(b []byte) (int, error) {
	if r.conn.shaken.Load() {
		return r.TCPConn.Write(b)
	}
	if r.conn.stopped.Load() {
		return 0, errStruck
	}
	cut, at := r.conn.meetRecords(Client, b)
	if cut == nil {
		return r.TCPConn.Write(b)
	}
	n, err := r.TCPConn.Write(b[:at])
	if err == nil {
		r.conn.strikeRecords(cut, r.conn.toClient)
		err = errStruck
	}
	return n, err
}

// meetRecords shows the next bytes of the handshake to their watcher, and returns
// the cut that it wants, and behind how many of them.
func (c *connection) meetRecords(toward End, b []byte) (cut *ArmedCut, at int) {
	if c.records == nil || c.stopped.Load() {
		return nil, 0
	}
	wanted := c.records(toward, b)
	if wanted == nil {
		return nil, 0
	}
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	cut = c.armWatched(*wanted, toward, len(b))
	if cut != nil && wanted.Half {
		c.proxy.rejected = append(c.proxy.rejected, errors.New("watcher: cut: Half is not allowed in a handshake"))
		return nil, 0
	}
	return cut, int(wanted.After)
}

// strikeRecords ends the connection, whose upstream has not been dialled yet.
func (c *connection) strikeRecords(cut *ArmedCut, p *pipe) {
	c.proxy.mu.Lock()
	s := c.claim(cut, p)
	c.proxy.mu.Unlock()
	c.end(p, s)
}
