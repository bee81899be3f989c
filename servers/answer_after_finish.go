package servers

import (
	"context"
	"io"

	"github.com/resetlab/resetlab/harness/lab"
)

// AnswerAfterFinish makes a handler that reads up to the client's FIN, and only
// then answers with reply and closes.
func AnswerAfterFinish(reply string) lab.Handler {
	return func(ctx context.Context, c *lab.Conn) {
		if _, err := io.Copy(io.Discard, c); err != nil {
			return
		}
		io.WriteString(c, reply) // how it ends is in the outcome
	}
}
