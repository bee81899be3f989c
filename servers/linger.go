package servers

import (
	"context"
	"io"

	"github.com/resetlab/resetlab/harness/lab"
)

// Linger half-closes and reads on until the client ends its side too, so that
// nothing is unread when the connection is closed and no RST can overtake what
// was said last (RFC 9112, section 9.6).
func Linger(ctx context.Context, c *lab.Conn) {
	c.CloseWrite()
	io.Copy(io.Discard, c) // how it ends is in the outcome
}
