package servers

import (
	"bufio"
	"context"
	"io"
	"net/http"

	"github.com/resetlab/resetlab/harness/lab"
)

// TooLarge is the whole of the reply of RefuseUpload.
const TooLarge = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

// RefuseUpload makes a handler that reads the head of an HTTP request, replies
// that the upload is too large, and ends the connection with end, such as
// [CloseUnread], which leaves the upload unread, or [Linger], which drains it.
func RefuseUpload(end lab.Handler) lab.Handler {
	return func(ctx context.Context, c *lab.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
			return
		}
		if _, err := io.WriteString(c, TooLarge); err != nil {
			return
		}
		end(ctx, c)
	}
}
