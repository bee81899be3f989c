package servers

import (
	"context"
	"log"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
)

// EchoAndTolerateProbes is EchoAndLogResets, but a reset before the first byte
// is somebody's health check and nothing to log.
func EchoAndTolerateProbes(logger *log.Logger) lab.Handler {
	return func(ctx context.Context, c *lab.Conn) {
		err := echo(c)
		probe := harness.EndingOf(err) == harness.Reset && c.Outcome().Received == 0
		if err != nil && !probe {
			logger.Printf("%s: %v", c.RemoteAddr(), err)
		}
	}
}
