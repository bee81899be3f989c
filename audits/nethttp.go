package audits

import "net/http"

// net/http repeats a request on its own if the connection was a reused one,
// and the method is safe or the request has an Idempotency-Key
// (Transport.shouldRetryRequest).
var _ = declare(audited{
	name: "net/http", options: operations,
	subject:  overHTTP(func() *http.Client { return &http.Client{Transport: &http.Transport{}} }),
	expected: heads,
})

// heads are what every client on top of net/http has, too.
const heads = `
P8*/*/*/*         SURFACED-MASKED  the parser calls a head that ends early malformed, and drops the error that ended it
P10.trailer/*/*/* SURFACED-MASKED  net/http drops the error that ended a trailer
`
