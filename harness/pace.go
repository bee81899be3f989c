package harness

import (
	"net"
	"net/netip"
	"slices"
)

// A Pacing is what passes toward the client of one connection, for [Options.Pace]
// to write.
type Pacing struct {
	// Number is the connection's, counted from 1 in the order of accepting.
	Number int
	// Client and Proxy are the addresses of the two ends of the connection with the
	// client, by which the kernel can be asked about them (sock_diag(7)).
	Client, Proxy netip.AddrPort
	// Chunks are the bytes that come from the upstream, in order. The channel is
	// closed behind the last one.
	Chunks <-chan []byte
	// Write writes to the client. An error says that nothing passes any more.
	Write func(b []byte) error
}

// A pacing has somebody else write what passes on a pipe.
type pacing struct {
	chunks chan []byte
	done   chan struct{} // closed when nobody writes any more
}

// startPacing has the client's bytes written by Options.Pace, if that is wanted.
func (c *connection) startPacing() {
	pace := c.proxy.settings.Pace
	if pace == nil {
		return
	}
	c.pacing = &pacing{make(chan []byte), make(chan struct{})}
	p := Pacing{
		Number: c.number, Chunks: c.pacing.chunks, Write: c.toClient.writePaced,
		Client: addressOf(c.client.conn.RemoteAddr()), Proxy: addressOf(c.client.conn.LocalAddr()),
	}
	c.proxy.work.Go(func() {
		defer close(c.pacing.done)
		pace(c.ctx, p)
	})
}

// pace hands a chunk over. What comes when nobody takes it any more is dropped.
func (p *pacing) pace(b []byte) {
	select {
	case p.chunks <- slices.Clone(b):
	case <-p.done:
	}
}

// end waits until all that was handed over is written.
func (p *pacing) end() {
	close(p.chunks)
	<-p.done
}

// writePaced writes to the pipe's end.
func (p *pipe) writePaced(b []byte) error {
	err := p.writeWhole(b)
	if err != nil {
		p.conn.lose(p.to, lostBy(err))
	}
	return err
}

// writeWhole writes unless the connection is over.
func (p *pipe) writeWhole(b []byte) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	if p.conn.stopped.Load() || p.to.lost.Load() {
		return net.ErrClosed
	}
	n, err := p.to.write(b)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.passed += int64(n)
	return err
}
