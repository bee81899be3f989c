package clients

import (
	"context"
	"crypto/tls"
	"io"

	"github.com/resetlab/resetlab/harness/lab"
)

// TLSAfterReset opens a TLS session, sends text in one record, waits until a
// RST has come without taking it from the socket, and calls next on the
// session. It returns the error of that, or of what failed before.
func TLSAfterReset(ctx context.Context, h *lab.Host, address string, config *tls.Config, text string,
	next func(*tls.Conn) error) (lab.Outcome, error) {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return c.Outcome(), err
	}
	defer c.Close()
	config = config.Clone()
	config.DynamicRecordSizingDisabled = true // the RST must not come between two records
	session := tls.Client(c, config)
	if _, err := io.WriteString(session, text); err != nil {
		return c.Outcome(), err
	}
	if err := c.AwaitReset(ctx); err != nil {
		return c.Outcome(), err
	}
	err = next(session)
	return c.Outcome(), err
}
