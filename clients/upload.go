package clients

import (
	"context"
	"fmt"

	"github.com/resetlab/resetlab/harness/lab"
)

// Upload connects, posts size bytes over HTTP, and then reads the reply until
// the connection ends, also if not everything could be sent.
func Upload(ctx context.Context, h *lab.Host, address string, size int) lab.Outcome {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return c.Outcome()
	}
	defer c.Close()
	head := fmt.Sprintf("POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n", address, size)
	_, err = c.Write([]byte(head))
	for chunk := make([]byte, 1<<18); err == nil && size > 0; size -= len(chunk) {
		_, err = c.Write(chunk[:min(size, len(chunk))])
	}
	readToEnd(c)
	return c.Outcome()
}
