package clients

import (
	"context"

	"github.com/resetlab/resetlab/harness/lab"
)

// AwaitBanner connects and, without having sent anything, waits for the line
// by which the server identifies itself (RFC 4253, section 4.2). It says
// whether that came. The connection stays open.
func AwaitBanner(ctx context.Context, h *lab.Host, address string) (c *lab.Conn, came bool) {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return c, false
	}
	buffer := make([]byte, 256)
	for {
		n, err := c.Read(buffer)
		if err != nil {
			return c, false
		}
		if n > 0 && buffer[n-1] == '\n' {
			return c, true
		}
	}
}
