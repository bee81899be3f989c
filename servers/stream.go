package servers

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// Stream waits for a request and then sends a response without an end, until
// sending fails.
func Stream(ctx context.Context, c *lab.Conn) {
	if _, err := c.Read(make([]byte, 4096)); err != nil {
		return
	}
	chunk := make([]byte, 1<<16)
	for {
		if _, err := c.Write(chunk); err != nil {
			return
		}
	}
}
