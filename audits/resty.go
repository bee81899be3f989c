package audits

import (
	"context"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/resetlab/resetlab/harness/audit"
	restyv3 "resty.dev/v3"
)

// resty repeats only if it is told how often. Version 2 repeats every method
// then. Version 3 repeats after an error only if that is Temporary
// (isDoNotRetryError), which no reset and no end of stream is: it never does.
// Their waits are shortened here.
var _ = declare(
	audited{
		name: "resty v2", module: "github.com/go-resty/resty/v2", options: operations,
		expected: heads,
		subject:  exchanging(func(audit.Target) exchanger { return restyV2(resty.New()) }),
	},
	audited{
		name: "resty v2, SetRetryCount(3)", module: "github.com/go-resty/resty/v2", options: operations,
		expected: heads + `
P7*/*/*/write  DUPLICATED|DUPLICATED+ERROR  it repeats every method, a POST too, after every error
P8*/*/*/write  DUPLICATED|DUPLICATED+ERROR  the same
P9*/*/*/write  DUPLICATED|DUPLICATED+ERROR  the same, also when the body ends early
P10*/*/*/write DUPLICATED|DUPLICATED+ERROR  the same
P14/*/*/write  DUPLICATED|DUPLICATED+ERROR  the same
`,
		subject: exchanging(func(audit.Target) exchanger {
			return restyV2(resty.New().SetRetryCount(3).SetRetryWaitTime(time.Millisecond).
				SetRetryMaxWaitTime(10 * time.Millisecond))
		}),
	},
	audited{
		name: "resty v3", module: "resty.dev/v3", options: operations,
		expected: heads + unexpectedEOF,
		subject:  exchanging(func(audit.Target) exchanger { return restyV3(restyv3.New()) }),
	},
	audited{
		name: "resty v3, SetRetryCount(3)", module: "resty.dev/v3", options: operations,
		expected: heads + unexpectedEOF,
		subject: exchanging(func(audit.Target) exchanger {
			return restyV3(restyv3.New().SetRetryCount(3).SetRetryWaitTime(time.Millisecond).
				SetRetryMaxWaitTime(10 * time.Millisecond))
		}),
	},
)

// unexpectedEOF is Response.readAll dropping io.ErrUnexpectedEOF, by which
// net/http tells that a body is not complete. See truncated.go.
const unexpectedEOF = `
P9*/fin/*/*          TRUNCATED-OK  it drops io.ErrUnexpectedEOF when it reads the body
P10.*/fin/*/*        TRUNCATED-OK  the same, in chunks and compressed
P14/half-close/*/*   TRUNCATED-OK  the same
`

func restyV2(client *resty.Client) exchanger {
	client.SetLogger(silent{})
	do := func(ctx context.Context, r httpRequest) (int, []byte, error) {
		request := client.R().SetContext(ctx)
		if r.body != "" {
			request.SetBody(r.body)
		}
		if r.key != "" {
			request.SetHeader("Idempotency-Key", r.key)
		}
		response, err := request.Execute(r.method, r.url)
		if err != nil {
			return 0, nil, err
		}
		return response.StatusCode(), response.Body(), nil
	}
	return exchanger{do, client.GetClient().CloseIdleConnections}
}

func restyV3(client *restyv3.Client) exchanger {
	client.SetLogger(silent{})
	do := func(ctx context.Context, r httpRequest) (int, []byte, error) {
		request := client.R().SetContext(ctx)
		if r.body != "" {
			request.SetBody(r.body)
		}
		if r.key != "" {
			request.SetHeader("Idempotency-Key", r.key)
		}
		response, err := request.Execute(r.method, r.url)
		if err != nil {
			return 0, nil, err
		}
		return response.StatusCode(), response.Bytes(), nil
	}
	return exchanger{do, func() { client.Close() }}
}

// silent is resty's logger that logs nothing.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
