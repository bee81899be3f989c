package servers

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
)

// EchoUntilIdle makes a handler that echoes, and leaves the connection to end
// when nothing has come for timeout. The time runs from the first echo on, so
// that a client which is slow to start is not idle.
func EchoUntilIdle(timeout time.Duration, end lab.Handler) lab.Handler {
	return func(ctx context.Context, c *lab.Conn) {
		buffer := make([]byte, 4096)
		for {
			n, err := c.Read(buffer)
			if errors.Is(err, os.ErrDeadlineExceeded) && ctx.Err() == nil {
				c.SetReadDeadline(time.Time{})
				end(ctx, c)
				return
			}
			if err != nil {
				return
			}
			if _, err := c.Write(buffer[:n]); err != nil {
				return
			}
			c.SetReadDeadline(time.Now().Add(timeout))
		}
	}
}
