package servers

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// ReadOneByteThenClose reads one byte and closes. If more has come with it, it
// stays unread, and the kernel sends a RST for it (RFC 1122, section 4.2.2.13;
// tcp_close).
func ReadOneByteThenClose(ctx context.Context, c *lab.Conn) {
	one := make([]byte, 1)
	if _, err := c.Read(one); err != nil {
		return
	}
	c.Close()
}
