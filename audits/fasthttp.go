package audits

import (
	"context"
	"io"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/valyala/fasthttp"
)

// fasthttp repeats GET, HEAD and PUT, five attempts by default
// (Client.MaxIdemponentCallAttempts), on new connections too. It knows no
// contexts; a deadline does instead.
// See truncated.go for the end of a stream that is none.
var _ = declare(
	audited{
		name: "fasthttp", module: "github.com/valyala/fasthttp", options: operations,
		expected: noReply + `
P10.*/fin/*/* SURFACED-MASKED  an end where a chunk should begin is called an end before the first byte
`,
		subject: exchanging(func(to audit.Target) exchanger {
			return fastHTTP(&fasthttp.HostClient{Addr: to.Address})
		}),
	},
	audited{
		name: "fasthttp, StreamResponseBody", module: "github.com/valyala/fasthttp", options: operations,
		expected: noReply + `
P10.chunks/fin/*/* TRUNCATED-OK|TRUNCATED-OK,POOL-POISONED  a FIN where a chunk should begin is io.EOF, like the end
P10.stream/fin/*/* TRUNCATED-OK|TRUNCATED-OK,POOL-POISONED  the same
P10.*/*/*/write    SURFACED,POOL-POISONED|UNHARMED,POOL-POISONED  a connection whose chunked body failed is used again
`,
		subject: exchanging(func(to audit.Target) exchanger {
			return fastHTTP(&fasthttp.HostClient{Addr: to.Address, StreamResponseBody: true})
		}),
	},
)

// fastHTTP uses a HostClient, which is what a Client has for each host. What
// closes its idle connections is no leak: it ends soon after the last of them.
func fastHTTP(client *fasthttp.HostClient) exchanger {
	client.MaxIdleConnDuration = time.Second
	client.Dial = (&fasthttp.TCPDialer{DisableDNSResolution: true}).Dial
	do := func(_ context.Context, r httpRequest) (int, []byte, error) {
		request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(request)
		defer fasthttp.ReleaseResponse(response)
		request.SetRequestURI(r.url)
		request.Header.SetMethod(r.method)
		request.Header.Set("Accept-Encoding", "gzip")
		request.SetBodyString(r.body)
		if r.key != "" {
			request.Header.Set("Idempotency-Key", r.key)
		}
		if err := client.DoTimeout(request, response, 8*time.Second); err != nil {
			return 0, nil, err
		}
		body, err := readAll(response)
		return response.StatusCode(), body, err
	}
	return exchanger{do, client.CloseIdleConnections}
}

// readAll returns the body, streamed or not.
func readAll(response *fasthttp.Response) ([]byte, error) {
	if stream := response.BodyStream(); stream != nil {
		defer response.CloseBodyStream()
		body, err := io.ReadAll(stream)
		if err != nil {
			return nil, err
		}
		response.SetBodyRaw(body)
	}
	body, err := response.BodyUncompressed()
	return append([]byte{}, body...), err
}

// noReply is what fasthttp says and does when no byte of a reply came.
const noReply = `
P[14567]*/*/*/* SURFACED-MASKED         its own errors say neither RST nor FIN when no byte of the reply has come
P11/*/*/write   UNHARMED,POOL-POISONED  it does not watch idle connections, and does not repeat a POST on a dead one
`
