package audits

import (
	"context"
	"errors"
	"os/exec"

	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/agent"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
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
var slowly = audit.Options{Operations: point.Operations(), Parallel: 48}

func curl(options ...string) func(SpecContext) audit.Subject {
	return func(SpecContext) audit.Subject {
		_, err := exec.LookPath("curl")
		if err != nil {
			present(daemon.Missing{Program: "curl", Package: "curl"})
		}
		origin := started(origins.StartHTTP())
		return audit.Subject{
			Protocol: protocols.HTTP1(), Origin: origin, Suspends: true,
			Open: func(ctx context.Context, to audit.Target) (audit.Client, error) {
				return openCurl(ctx, to, origin, options)
			},
		}
	}
}

// A curlClient runs curl once for each call, with the arguments that its operation
// needs.
type curlClient map[point.Operation]suspender

func openCurl(ctx context.Context, to audit.Target, origin *origins.HTTP, options []string) (audit.Client, error) {
	c := curlClient{}
	for _, operation := range point.Operations() {
		args := append([]string{"curl", "-sS", "--fail", "--compressed"}, options...)
		if operation != point.Read {
			args = append(args, "--request", "{method}", "--data", "operation {id}")
		}
		if operation == point.Idempotent {
			args = append(args, "--header", "Idempotency-Key: {id}")
		}
		command := agent.Command{Args: append(args, "{url}"), URL: origin.URL, Reply: origin.Reply}
		client, err := command.Open(ctx, to)
		if err != nil {
			return nil, err
		}
		c[operation] = client.(suspender)
	}
	return c, nil
}

func (c curlClient) Do(ctx context.Context, call audit.Call) audit.Answer {
	if call.Shape == "pipelined" {
		return audit.Answer{Unimplemented: true}
	}
	return c[call.Operation].Do(ctx, call)
}

// Suspend stops the curl that runs.
func (c curlClient) Suspend() error { return c.each(suspender.Suspend) }

// Resume lets it go on.
func (c curlClient) Resume() error { return c.each(suspender.Resume) }

// Close waits until none runs.
func (c curlClient) Close() error {
	return c.each(suspender.Close)
}

func (c curlClient) each(do func(suspender) error) error {
	var problems []error
	for _, client := range c {
		problems = append(problems, do(client))
	}
	return errors.Join(problems...)
}
