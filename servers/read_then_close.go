package servers

import (
	"context"
	"io"

	"github.com/resetlab/resetlab/harness/lab"
)

// ReadThenClose reads n bytes and closes: with a FIN if that was all, with a
// RST if more has come.
func ReadThenClose(n int64) lab.Handler {
	return func(ctx context.Context, c *lab.Conn) {
		if _, err := io.CopyN(io.Discard, c, n); err != nil {
			return
		}
		c.Close()
	}
}
