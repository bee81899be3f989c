package servers

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/resetlab/resetlab/harness/lab"
)

// ServeBySettings reads the file at path, which holds a number, and makes a
// handler that echoes requests of up to so many bytes. It leaves the rest of a
// longer one unread, so that the client is reset. As with most daemons the
// file is read here, at the start, and never again.
func ServeBySettings(path string) (lab.Handler, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("serve by settings: %w", err)
	}
	longest, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || longest < 1 {
		return nil, fmt.Errorf("serve by settings: %s says %q: allowed is a number of bytes from 1 on", path, text)
	}
	return func(ctx context.Context, c *lab.Conn) {
		request := make([]byte, longest)
		n, err := c.Read(request)
		if err != nil || request[n-1] != '\n' {
			return
		}
		c.Write(request[:n]) // its error is in the outcome
	}, nil
}
