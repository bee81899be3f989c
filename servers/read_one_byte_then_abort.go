package servers

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// ReadOneByteThenAbort reads one byte and aborts: a RST goes out whatever is
// unread or unsent (socket(7), SO_LINGER with a timeout of 0).
func ReadOneByteThenAbort(ctx context.Context, c *lab.Conn) {
	if _, err := c.Read(make([]byte, 1)); err != nil {
		return
	}
	c.Abort()
}
