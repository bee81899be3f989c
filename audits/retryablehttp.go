package audits

import (
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// go-retryablehttp repeats every method after every error of net/http's, four
// times by default (DefaultRetryPolicy). Its waits are shortened here.
var _ = declare(audited{
	name: "go-retryablehttp", module: "github.com/hashicorp/go-retryablehttp", options: operations,
	expected: heads + `
P7*/*/*/write DUPLICATED|DUPLICATED+ERROR  it repeats every method, a POST too, after every error before the reply's body
P8*/*/*/write DUPLICATED|DUPLICATED+ERROR  the same
`,
	subject: overHTTP(func() *http.Client {
		client := retryablehttp.NewClient()
		client.Logger, client.RetryWaitMin, client.RetryWaitMax = nil, time.Millisecond, 10*time.Millisecond
		return &http.Client{Transport: &retryable{retryablehttp.RoundTripper{Client: client}}}
	}),
})

// Its RoundTripper hides that the one below has connections to close.
type retryable struct{ retryablehttp.RoundTripper }

func (r *retryable) CloseIdleConnections() { r.Client.HTTPClient.CloseIdleConnections() }
