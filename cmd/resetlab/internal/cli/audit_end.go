package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
)

// auditEnds is how long an audit takes to end when it is interrupted, showing
// what was measured included.
const auditEnds = audit.EndingTime + 5*time.Second

// endInTime ends this process if the audit has not
// ended auditEnds after its context, until stop is called.
func endInTime(ctx context.Context, stderr io.Writer) (stop func()) {
	over := make(chan struct{})
	go func() {
		select {
		case <-over:
			return
		case <-ctx.Done():
		}
		select {
		case <-over:
		case <-time.After(auditEnds):
			fmt.Fprintf(stderr, "resetlab: interrupted; what had not ended within %v was killed\n", auditEnds)
			os.Exit(exitFailed) // the agents' supervisors end with this process
		}
	}()
	return func() { close(over) }
}
