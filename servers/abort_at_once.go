package servers

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// AbortAtOnce closes with a RST (socket(7), SO_LINGER with a timeout of 0). As
// the whole of a server it can overtake the client's connect.
func AbortAtOnce(ctx context.Context, c *lab.Conn) {
	c.Abort() // its error is in the outcome
}
