package clients

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// SendThenFinishThenRead connects, sends text, says with a FIN that this was
// all, and reads until the connection ends.
func SendThenFinishThenRead(ctx context.Context, h *lab.Host, address, text string) lab.Outcome {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return c.Outcome()
	}
	defer c.Close()
	if _, err := c.Write([]byte(text)); err != nil {
		return c.Outcome()
	}
	if err := c.CloseWrite(); err != nil {
		return c.Outcome()
	}
	readToEnd(c)
	return c.Outcome()
}
