package servers

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// CloseUnread closes as soon as there is a byte that it does not read, which
// makes the kernel send a RST.
func CloseUnread(ctx context.Context, c *lab.Conn) {
	c.CloseUnread(ctx) // its error is in the outcome
}
