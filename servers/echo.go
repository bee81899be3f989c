package servers

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// Echo sends back what it reads until the client ends the connection.
func Echo(ctx context.Context, c *lab.Conn) {
	echo(c) // how it ended is in the outcome
}
