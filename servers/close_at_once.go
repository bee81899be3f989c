package servers

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// CloseAtOnce closes without having waited for anything: with a FIN, unless
// the client was faster and has bytes there already.
func CloseAtOnce(ctx context.Context, c *lab.Conn) {
	c.Close() // its error is in the outcome
}
