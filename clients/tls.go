package clients

import (
	"context"
	"crypto/tls"
	"io"

	"github.com/resetlab/resetlab/harness/lab"
)

// TLS opens a TLS session, sends text and reads it back. It returns what TLS
// made of it: nil if the whole text came back.
func TLS(ctx context.Context, h *lab.Host, address string, config *tls.Config, text string) (
	lab.Outcome, error) {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return c.Outcome(), err
	}
	defer c.Close()
	session := tls.Client(c, config)
	if _, err := io.WriteString(session, text); err != nil {
		return c.Outcome(), err
	}
	if _, err := io.ReadFull(session, make([]byte, len(text))); err != nil {
		return c.Outcome(), err
	}
	err = session.Close()
	return c.Outcome(), err
}
