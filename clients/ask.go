package clients

import (
	"context"
	"io"

	"github.com/resetlab/resetlab/harness/lab"
)

// Ask connects, sends request and returns the reply, which it expects to be
// as long as the request.
func Ask(ctx context.Context, h *lab.Host, address, request string) (reply string, saw lab.Outcome) {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return "", c.Outcome()
	}
	defer c.Close()
	if _, err := c.Write([]byte(request)); err != nil {
		return "", c.Outcome()
	}
	buffer := make([]byte, len(request))
	n, _ := io.ReadFull(c, buffer) // its error is in the outcome
	return string(buffer[:n]), c.Outcome()
}
