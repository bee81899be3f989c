package clients

import (
	"context"
	"io"
	"net/http"

	"github.com/resetlab/resetlab/harness/lab"
)

// Get fetches what the server at address has, with net/http's client, and
// returns as much of the body as came and the error that ended it: nil if
// net/http takes the body for whole.
func Get(ctx context.Context, h *lab.Host, address string) (body string, err error) {
	t := newTransport(ctx, h)
	defer t.close()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address, nil)
	if err != nil {
		return "", err
	}
	reply, err := t.RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	return string(text), err
}
