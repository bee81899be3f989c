package servers

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// AnswerOneByte reads one byte, sends it back, and keeps the connection open
// without reading any further.
func AnswerOneByte(ctx context.Context, c *lab.Conn) {
	one := make([]byte, 1)
	if _, err := c.Read(one); err != nil {
		return
	}
	if _, err := c.Write(one); err != nil {
		return
	}
	<-ctx.Done()
}
