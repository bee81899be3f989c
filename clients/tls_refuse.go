package clients

import (
	"context"
	"crypto/tls"
	"errors"

	"github.com/resetlab/resetlab/harness/lab"
)

// TLSRefuse begins a TLS handshake and leaves, without an alert, when it has
// the server's certificate.
func TLSRefuse(ctx context.Context, h *lab.Host, address string, leave func(*lab.Conn) error) lab.Outcome {
	c, err := h.Dial(ctx, address)
	if err != nil {
		return c.Outcome()
	}
	defer c.Close()
	refused := errors.New("refused, whatever the certificate")
	config := &tls.Config{
		InsecureSkipVerify: true, // VerifyConnection is what decides
		VerifyConnection:   func(tls.ConnectionState) error { return errors.Join(leave(c), refused) },
	}
	tls.Client(c, config).Handshake() // its error is in the outcome
	return c.Outcome()
}
