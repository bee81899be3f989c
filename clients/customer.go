package clients

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/resetlab/resetlab/harness/lab"
)

// A Customer sends orders with net/http's client.
type Customer struct {
	// Key is sent as Idempotency-Key, by which a server can recognise an order
	// that is repeated. Empty: none is sent.
	Key string

	address   string
	transport *transport
}

// NewCustomer returns a customer at h of the server at address. Its
// connections end with ctx; with keepAlive they are used again. Close it.
func NewCustomer(ctx context.Context, h *lab.Host, address string, keepAlive bool) *Customer {
	t := newTransport(ctx, h)
	t.DisableKeepAlives = !keepAlive
	return &Customer{address: address, transport: t}
}

// Order sends an order once and waits for the whole reply. What net/http does
// then on its own account is in the journal.
func (c *Customer) Order(ctx context.Context, method, order string) error {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+order, nil)
	if err != nil {
		return err
	}
	if c.Key != "" {
		request.Header.Set("Idempotency-Key", c.Key)
	}
	reply, err := c.transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	if _, err := io.Copy(io.Discard, reply.Body); err != nil {
		return err
	}
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, order, reply.Status)
	}
	return nil
}

// OrderAndRetry sends an order again as long as it fails, attempts times at
// most, and returns the error of the last attempt.
func (c *Customer) OrderAndRetry(ctx context.Context, method, order string, attempts int) error {
	var err error
	for range attempts {
		if err = c.Order(ctx, method, order); err == nil {
			return nil
		}
	}
	return err
}

// Outcomes returns what the customer saw of each of its connections.
func (c *Customer) Outcomes() []lab.Outcome { return c.transport.outcomes() }

// Close closes the connections.
func (c *Customer) Close() { c.transport.close() }
