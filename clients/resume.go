package clients

import (
	"context"
	"time"

	"github.com/resetlab/resetlab/harness/lab"
)

// Resume connects to an echo server, exchanges text, says nothing until idle
// is closed, and exchanges text again, giving up on an answer after patience.
func Resume(
	ctx context.Context, h *lab.Host, address, text string, idle <-chan struct{}, patience time.Duration,
) lab.Outcome {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return c.Outcome()
	}
	defer c.Close()
	if Exchange(c, text) != nil {
		return c.Outcome()
	}
	select {
	case <-idle:
	case <-ctx.Done():
	}
	c.SetReadDeadline(time.Now().Add(patience))
	return ExchangeThenClose(c, text)
}
