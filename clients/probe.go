package clients

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// Probe checks a backend as a layer-4 health checker does. A backend whose
// kernel completes the handshake is healthy; a RST then spares both ends the
// FIN handshake and TIME_WAIT. The backend's program is never asked.
func Probe(ctx context.Context, h *lab.Host, address string) (healthy bool, saw lab.Outcome) {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return false, c.Outcome()
	}
	c.Abort() // its error is in the outcome
	return true, c.Outcome()
}
