package audits

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/audits/wire"
	"github.com/resetlab/resetlab/harness/audit"
)

const moduleGRPC = "google.golang.org/grpc"

// grpc-go repeats on its own what surely was not executed, and by a retryPolicy
// what fails with the statuses it names before the reply's headers are there.
// A stream that ends alone with REFUSED_STREAM it repeats once, without a
// policy; INTERNAL_ERROR becomes the status INTERNAL, and the connection stays. A
// connection that could not be made is tried again after a second; calls fail
// until then, and use up the short waits of the policy here.
var _ = declare(
	audited{name: "grpc-go", module: moduleGRPC, subject: overGRPC(), expected: statusOnly},
	audited{
		name: "grpc-go, retryPolicy", module: moduleGRPC, expected: statusOnly + `
P[78]/*/*/write DUPLICATED|DUPLICATED+ERROR it was told to: UNAVAILABLE does not say whether it was executed
`,
		subject: overGRPC(grpc.WithDefaultServiceConfig(`{"methodConfig": [{"name": [{}], "retryPolicy": {
			"maxAttempts": 4, "initialBackoff": "0.01s", "maxBackoff": "0.02s", "backoffMultiplier": 2,
			"retryableStatusCodes": ["UNAVAILABLE"]}}]}`)),
	},
)

const statusOnly = `
*/*/*/* SURFACED-MASKED a status and its text is all that is left of an error
P[013]*/*/*/*   SURFACED-MASKED,POOL-POISONED  for a second after a failure to connect every call fails at once
`

func overGRPC(options ...grpc.DialOption) func(SpecContext) audit.Subject {
	options = append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))
	return func(SpecContext) audit.Subject {
		return audit.Subject{
			Protocol: wire.GRPC(), Origin: started(daemon.StartGRPC()), Pooled: true,
			// Nothing else is called meanwhile, and only the message would say which
			// call it is: at P4.race the server must not see the headers either.
			Match: func([]byte, audit.Call) bool { return true },
			Open: func(_ context.Context, to audit.Target) (audit.Client, error) {
				conn, err := grpc.NewClient("passthrough:///"+to.Address, options...)
				return grpcClient{conn}, err
			},
		}
	}
}

type grpcClient struct{ *grpc.ClientConn }

func (g grpcClient) Do(ctx context.Context, c audit.Call) audit.Answer {
	var reply wrapperspb.StringValue
	if err := g.Invoke(ctx, daemon.GRPCMethod, wrapperspb.String(c.ID), &reply); err != nil {
		return audit.Answer{Err: err}
	}
	return audit.Answer{Body: []byte(reply.Value)}
}
