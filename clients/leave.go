package clients

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// SendThenLeave connects, sends text in one segment, and is gone: leave is
// how, such as (*lab.Conn).Abort.
func SendThenLeave(ctx context.Context, h *lab.Host, address, text string,
	leave func(*lab.Conn) error) lab.Outcome {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return c.Outcome()
	}
	defer c.Close()
	if _, err := c.Write([]byte(text)); err != nil {
		return c.Outcome()
	}
	leave(c) // its error is in the outcome
	return c.Outcome()
}
