package servers

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// Forget makes a handler that closes forgotten and never touches the
// connection again, as a device does that has dropped its state: what comes is
// taken by the kernel and answered by nobody. It serves one connection.
func Forget(forgotten chan<- struct{}) lab.Handler {
	return func(ctx context.Context, c *lab.Conn) {
		close(forgotten)
		<-ctx.Done()
	}
}
