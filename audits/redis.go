package audits

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/protocols"
)

const moduleRedis = "github.com/redis/go-redis/v9"

// go-redis repeats every command after every error, three times by default
// (Options.MaxRetries). A write is an INCR, a read a script that counts itself
// and returns a value.
var _ = declare(
	audited{
		name: "go-redis", module: moduleRedis, program: redisVersion, options: redisPlaces,
		subject: onRedis(&redis.Options{}),
		expected: peeked + `
P7*/*/*/write  DUPLICATED|DUPLICATED+ERROR  it repeats every command, an INCR too, after every error
P8*/*/*/write  DUPLICATED|DUPLICATED+ERROR  the same
P14/*/*/write  DUPLICATED|DUPLICATED+ERROR  the same
`,
	},
	audited{
		name: "go-redis, MaxRetries: -1", module: moduleRedis, program: redisVersion, options: redisPlaces,
		subject: onRedis(&redis.Options{MaxRetries: -1}), expected: peeked,
	},
)

const peeked = `
P[134567]*/rst/*/* SURFACED-MASKED  it peeks for push notifications first, which takes the reset and drops it; then comes EOF
`

// redisPlaces leaves out the shapes of replies that are not asked for.
var redisPlaces = audit.Options{Only: []string{
	"P[0-9]/*/*/*", "P4.*/*/*/*", "P5.body/*/*/*", "P7.pooled/*/*/*", "P8.line/*/*/*", "P10.bulk/*/*/*", "P11/*/*/*", "P14/*/*/*",
}}

func onRedis(options *redis.Options) func(SpecContext) audit.Subject {
	return func(ctx SpecContext) audit.Subject {
		logging.Disable()
		return audit.Subject{
			Protocol: protocols.RESP(), Origin: started(daemon.StartRedis(ctx)), Pooled: true,
			Open: func(_ context.Context, to audit.Target) (audit.Client, error) {
				own := *options
				own.Addr = to.Address
				return redisClient{redis.NewClient(&own)}, nil
			},
		}
	}
}

type redisClient struct{ *redis.Client }

func (r redisClient) Do(ctx context.Context, c audit.Call) audit.Answer {
	if c.Operation == point.Write {
		return audit.Answer{Err: r.Incr(ctx, c.ID).Err()}
	}
	value, err := r.Eval(ctx, daemon.RedisRead, []string{c.ID}).Text()
	if err != nil {
		return audit.Answer{Err: err}
	}
	return audit.Answer{Body: []byte(value)}
}
