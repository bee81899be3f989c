package clients

import (
	"context"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
)

// CheckPort connects and closes, as nc -z does, and says what that tells about
// the port: "open", "refused", or "filtered" when nobody answered before ctx
// ended or somebody said that there is no way. Anything else is told as the
// outcome tells it.
func CheckPort(ctx context.Context, h *lab.Host, address string) (port string, saw lab.Outcome) {
	c, _ := h.Dial(ctx, address) // its error is in the outcome
	defer c.Close()
	saw = c.Outcome()
	switch saw.Ending {
	case harness.Open:
		return "open", saw
	case harness.Refused:
		return "refused", saw
	case harness.GaveUp, harness.TimedOut, harness.Unreachable:
		return "filtered", saw
	}
	return saw.First(), saw
}
