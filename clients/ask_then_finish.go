package clients

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// AskThenFinish connects to an echo server, exchanges text, says with a FIN
// that this was all, and reads until the connection ends.
func AskThenFinish(ctx context.Context, h *lab.Host, address, text string) lab.Outcome {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return c.Outcome()
	}
	defer c.Close()
	if Exchange(c, text) != nil || c.CloseWrite() != nil {
		return c.Outcome()
	}
	readToEnd(c)
	return c.Outcome()
}
