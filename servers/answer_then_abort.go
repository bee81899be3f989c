package servers

import (
	"context"
	"io"

	"github.com/resetlab/resetlab/harness/lab"
)

// AnswerThenAbort makes a handler that reads once, answers whatever came with
// reply, and aborts behind it.
func AnswerThenAbort(reply string) lab.Handler {
	return func(ctx context.Context, c *lab.Conn) {
		if _, err := c.Read(make([]byte, 4096)); err != nil {
			return
		}
		io.WriteString(c, reply)
		c.Abort()
	}
}
