package servers

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// FinishThenAbort sends its FIN at once, and a RST after it when a byte has
// come. A client that answers the FIN with that byte gets the RST in
// CLOSE_WAIT.
func FinishThenAbort(ctx context.Context, c *lab.Conn) {
	if err := c.CloseWrite(); err != nil {
		return
	}
	ReadOneByteThenAbort(ctx, c)
}
