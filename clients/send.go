package clients

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// SendThenRead connects, sends text in one segment, and reads until the
// connection ends.
func SendThenRead(ctx context.Context, h *lab.Host, address, text string) lab.Outcome {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return c.Outcome()
	}
	defer c.Close()
	if _, err := c.Write([]byte(text)); err != nil {
		return c.Outcome()
	}
	readToEnd(c)
	return c.Outcome()
}

// readToEnd reads until reading fails; how it failed is in the outcome.
func readToEnd(c *lab.Conn) {
	buffer := make([]byte, 4096)
	for {
		if _, err := c.Read(buffer); err != nil {
			return
		}
	}
}
