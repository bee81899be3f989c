package audits

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/subjects"
)

// net/http repeats a request on its own if the connection was a reused one,
// and the method is safe or the request has an Idempotency-Key
// (Transport.shouldRetryRequest). Over HTTP/2 it repeats only what the server
// has told it not to have processed.
var _ = declare(
	audited{
		name: "net/http", options: operations, expected: heads,
		subject: overHTTP(func() *http.Client { return &http.Client{Transport: &http.Transport{}} }),
	},
	audited{
		name: "net/http, HTTP/2", options: operations,
		expected: `
P[1-9]*/rst/*/* SURFACED|SURFACED-MASKED  a frame it sends itself may take the reset, and what reads then gets the end
P10.*/rst/*/*   SURFACED|SURFACED-MASKED  the same
P[13]/fin/*/*   SURFACED|SURFACED-MASKED  a call may find the connection dead, and is told that none could be established
`,
		subject: func(SpecContext) audit.Subject {
			return subjects.HTTP2("", started(origins.StartHTTP2()), func() *http.Client {
				transport := &http.Transport{Protocols: &http.Protocols{}}
				transport.Protocols.SetUnencryptedHTTP2(true)
				return &http.Client{Transport: transport}
			})
		},
	},
)

// heads are what every client on top of net/http has, too.
const heads = `
P8*/*/*/*         SURFACED-MASKED  the parser calls a head that ends early malformed, and drops the error that ended it
P10.trailer/*/*/* SURFACED-MASKED  net/http drops the error that ended a trailer
`
