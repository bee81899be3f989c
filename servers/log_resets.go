package servers

import (
	"context"
	"errors"
	"io"
	"log"

	"github.com/resetlab/resetlab/harness/lab"
)

// EchoAndLogResets makes a handler that sends back what it reads, and logs
// whatever else than the client's FIN ends the connection.
func EchoAndLogResets(logger *log.Logger) lab.Handler {
	return func(ctx context.Context, c *lab.Conn) {
		if err := echo(c); err != nil {
			logger.Printf("%s: %v", c.RemoteAddr(), err)
		}
	}
}

// echo sends back what it reads. It returns nil at the client's FIN.
func echo(c *lab.Conn) error {
	buffer := make([]byte, 4096)
	for {
		n, err := c.Read(buffer)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := c.Write(buffer[:n]); err != nil {
			return err
		}
	}
}
