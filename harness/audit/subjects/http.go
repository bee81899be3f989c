package subjects

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// HTTP makes a subject of a Go HTTP client, for HTTP/1.1. Open makes a new
// one, whose Transport must be its own: one that is shared has connections of
// other cells. A RoundTripper is audited as the Transport of a client.
//
// Read is a GET, Idempotent a PUT with an Idempotency-Key, Write a POST
// without. The whole body is read; a status other than 2xx is an error.
func HTTP(name string, origin *origins.HTTP, open func() *http.Client) audit.Subject {
	return httpSubject(name, protocols.HTTP1(), origin, open)
}

// HTTP2 is like [HTTP] for HTTP/2. The client must speak it by prior knowledge,
// or with [audit.Subject.TLS] negotiate it.
func HTTP2(name string, origin *origins.HTTP2, open func() *http.Client) audit.Subject {
	return httpSubject(name, protocols.HTTP2(), origin, open)
}

// An addressed origin knows where calls are performed.
type addressed interface {
	audit.Origin
	URL(c audit.Call) string
}

func httpSubject(name string, p point.Protocol, origin addressed, open func() *http.Client) audit.Subject {
	return audit.Subject{
		Name: name, Protocol: p, Origin: origin, Pooled: true,
		Open: func(context.Context, audit.Target) (audit.Client, error) {
			return httpClient{origin, open()}, nil
		},
	}
}

type httpClient struct {
	origin addressed
	client *http.Client
}

func (h httpClient) Do(ctx context.Context, c audit.Call) audit.Answer {
	if c.Shape == "pipelined" {
		return audit.Answer{Unimplemented: true} // net/http does not pipeline
	}
	request, err := h.request(ctx, c)
	if err != nil {
		return audit.Answer{Err: err}
	}
	response, err := h.client.Do(request)
	if err != nil {
		return audit.Answer{Err: err}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return audit.Answer{Body: body, Err: fmt.Errorf("read the body: %w", err)}
	case response.StatusCode == http.StatusNotAcceptable && c.Shape == "gzip":
		return audit.Answer{Unimplemented: true} // it does not ask for compression
	case response.StatusCode/100 != 2:
		return audit.Answer{Err: fmt.Errorf("status %s", response.Status)}
	}
	return audit.Answer{Body: body}
}

func (h httpClient) request(ctx context.Context, c audit.Call) (*http.Request, error) {
	method, body := http.MethodPost, io.Reader(strings.NewReader("operation "+c.ID))
	switch c.Operation {
	case point.Read:
		method, body = http.MethodGet, nil
	case point.Idempotent:
		method = http.MethodPut
	}
	request, err := http.NewRequestWithContext(ctx, method, h.origin.URL(c), body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	if c.Operation == point.Idempotent {
		request.Header.Set("Idempotency-Key", c.ID)
	}
	return request, nil
}

func (h httpClient) Close() error {
	h.client.CloseIdleConnections()
	return nil
}
