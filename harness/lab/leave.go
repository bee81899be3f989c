package lab

import (
	"context"
	"fmt"
	"io"
)

// addresses are the two of a connection, as one end has them.
type addresses struct{ local, remote string }

// errPeerLeft is why a RST is awaited no longer.
var errPeerLeft = fmt.Errorf("the peer has closed, having read everything: no RST comes any more: %w", io.EOF)

// leave says that the peer has closed so that it sends its FIN and nothing more,
// unless more data comes. It had received so many bytes, and read them.
func (c *Conn) leave(read int64) {
	c.read = read
	close(c.left)
}

// untilPeerLeft returns a context that ends when the peer has left and nothing
// is on the way to it that would draw a RST. Call release in the end.
func (c *Conn) untilPeerLeft(ctx context.Context) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-c.left:
			if c.read == c.Outcome().Sent {
				cancel(errPeerLeft)
			}
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel(nil)
		<-ended
	}
}
