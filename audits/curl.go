package audits

import (
	"context"
	"os/exec"

	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

// curl repeats nothing unless it is told to, and with --retry what it calls
// transient: time-outs and some statuses, no connection that died.
// --retry-all-errors adds those, for every method. Between two attempts it
// waits a second, and twice as long each time.
var _ = declare(
	audited{name: "curl", program: curlVersion, options: operations, subject: curl(), expected: halfHead},
	audited{name: "curl --retry 2", program: curlVersion, options: slowly, subject: curl("--retry", "2"), expected: halfHead},
	audited{
		name: "curl --retry 2 --retry-all-errors", program: curlVersion, options: slowly, subject: curl("--retry", "2", "--retry-all-errors"),
		expected: halfHead + `
P7/*/*/write   DUPLICATED|DUPLICATED+ERROR  it was told to: every method, a POST too
P8*/*/*/write  DUPLICATED|DUPLICATED+ERROR  the same
P9*/*/*/write  DUPLICATED|DUPLICATED+ERROR  the same
P10*/*/*/write DUPLICATED|DUPLICATED+ERROR  the same
P14/*/*/write  DUPLICATED|DUPLICATED+ERROR  the same
P9.body/*/*/*  CORRUPTED|DUPLICATED,CORRUPTED  standard output keeps what the first attempt wrote, and the whole reply comes behind it
P10.*/*/*/*    CORRUPTED|DUPLICATED,CORRUPTED  the same
P14/*/*/*      CORRUPTED|DUPLICATED,CORRUPTED  the same
`,
	},
)

const halfHead = `
P8.name/fin/*/*  TRUNCATED-OK  a FIN within the reply's head is success, with no body: see half_head.go
P8.value/fin/*/* TRUNCATED-OK  the same
`

// slowly is for clients that mostly wait.
var slowly = audit.Options{Operations: audit.Operations(), Parallel: 48}

func curl(options ...string) func(SpecContext) audit.Subject {
	return func(SpecContext) audit.Subject {
		_, err := exec.LookPath("curl")
		if err != nil {
			present(daemon.Missing{Program: "curl", Package: "curl"})
		}
		origin := started(origins.StartHTTP())
		return audit.Subject{
			Protocol: protocols.HTTP1(), Origin: origin,
			Open: func(context.Context, audit.Target) (audit.Client, error) {
				return audit.Func(func(ctx context.Context, c audit.Call) audit.Answer {
					return curlOnce(ctx, origin, c, options)
				}), nil
			},
		}
	}
}

func curlOnce(ctx context.Context, origin *origins.HTTP, c audit.Call, options []string) audit.Answer {
	if c.Shape == "pipelined" {
		return audit.Answer{Unimplemented: true}
	}
	args := append([]string{"curl", "-sS", "--fail", "--compressed"}, options...)
	r := requestFor(origin, c)
	if r.body != "" {
		args = append(args, "--request", r.method, "--data", r.body)
	}
	if r.key != "" {
		args = append(args, "--header", "Idempotency-Key: "+r.key)
	}
	command := agent.Command{Args: append(args, r.url), Reply: origin.Reply}
	client, err := command.Open(ctx, audit.Target{})
	if err != nil {
		return audit.Answer{Err: err}
	}
	defer client.Close()
	return client.Do(ctx, c)
}
