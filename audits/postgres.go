package audits

import (
	"context"
	"database/sql"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx of database/sql
	_ "github.com/lib/pq"              // the driver postgres of database/sql
	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/audits/wire"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
)

const (
	modulePgx = "github.com/jackc/pgx/v5"
	modulePq  = "github.com/lib/pq"
)

// The audits of PostgreSQL query with an argument; those of Exec insert without
// one, which is another protocol, and what has no rows; those of commits strike
// at the COMMIT of a transaction.
var _ = declare(
	audited{
		name: "pgx pool", module: modulePgx, program: postgresVersion,
		subject:  onPostgres(wire.Postgres(), pgxClient(pgxQuery)),
		expected: unlooked,
	},
	audited{
		name: "pgx pool, Exec", module: modulePgx, program: postgresVersion, options: withoutRows,
		subject: onPostgres(wire.Postgres(), pgxClient(pgxExec)),
		expected: unlooked + `
P[78]/*/*/*    SURFACED-MISLABELLED  the error's SafeToRetry says that nothing was sent: see insert_twice.go
P10.*/*/*/*    SURFACED-MISLABELLED  the same, even behind the CommandComplete
P[456]*/*/*/*  SURFACED-MASKED       "conn closed" is all that is left
`,
	},
	audited{
		name: "pgx pool, commit", module: modulePgx, program: postgresVersion, options: writes,
		subject:  onPostgres(wire.PostgresCommit(), pgxClient(pgxCommit)),
		expected: committed,
	},
	audited{
		name: "database/sql, pgx", module: modulePgx, program: postgresVersion,
		subject: onPostgres(wire.Postgres(), sqlQuery("pgx")),
	},
	audited{
		name: "database/sql, pgx, Exec", module: modulePgx, program: postgresVersion, options: withoutRows,
		subject: onPostgres(wire.Postgres(), sqlInsert("pgx")),
		expected: `
P[78]/*/*/*     DUPLICATED|DUPLICATED+ERROR  driver.ErrBadConn, and database/sql repeats: see insert_twice.go
P10.*/*/*/*     DUPLICATED|DUPLICATED+ERROR  the same, even behind the CommandComplete
P[56]/*/*/*     SURFACED-MASKED              driver.ErrBadConn is all that is left
`,
	},
	audited{
		name: "database/sql, pgx, commit", module: modulePgx, program: postgresVersion, options: writes,
		subject:  onPostgres(wire.PostgresCommit(), sqlCommit("pgx")),
		expected: committed,
	},
	audited{
		name: "database/sql, lib/pq", module: modulePq, program: postgresVersion,
		subject: onPostgres(wire.Postgres(), sqlQuery("postgres")),
		expected: `
P[789]/fin/once/write      DUPLICATED  any io.EOF becomes driver.ErrBadConn, and database/sql repeats: see insert_twice.go
P10/fin/once/write         DUPLICATED  the same, as long as no row has come
P14/half-close/once/write  DUPLICATED  the same, as long as no row has come
*/*/always/write           DUPLICATED+ERROR|SURFACED-MASKED  the same three times; driver.ErrBadConn is all that is left
*/*/always/read            SURFACED-MASKED  driver.ErrBadConn is all that is left
P10.*/fin/once/*           SURFACED-MASKED  driver.ErrBadConn comes out of rows.Err
`,
	},
	audited{
		name: "database/sql, lib/pq, Exec", module: modulePq, program: postgresVersion, options: withoutRows,
		subject: onPostgres(wire.Postgres(), sqlInsert("postgres")),
		expected: `
P[78]/fin/*/*   DUPLICATED|DUPLICATED+ERROR  any io.EOF becomes driver.ErrBadConn, and database/sql repeats: see insert_twice.go
P10.*/fin/*/*   DUPLICATED|DUPLICATED+ERROR  the same, even behind the CommandComplete
P[56]/fin/*/*   SURFACED-MASKED              driver.ErrBadConn is all that is left
`,
	},
	audited{
		name: "database/sql, lib/pq, commit", module: modulePq, program: postgresVersion, options: writes,
		subject: onPostgres(wire.PostgresCommit(), sqlCommit("postgres")),
		expected: `
P13/fin/*/*      SURFACED-MISLABELLED  driver.ErrBadConn says that nothing was executed, and it was committed
P13.sent/fin/*/* SURFACED-MASKED       driver.ErrBadConn is all that is left
`,
	},
)

var (
	writes      = audit.Options{Operations: []point.Operation{point.Write}}
	withoutRows = audit.Options{
		Operations: []point.Operation{point.Write},
		Only:       []string{"P[0-8]/*/*/*", "P3.ready/*/*/*", "P4.*/*/*/*", "P10.last/*/*/*", "P10.ready/*/*/*", "P11/*/*/*"},
	}
)

const committed = `
P13/*/*/*      SURFACED-MISLABELLED  the error's SafeToRetry says that nothing was sent, and it was committed
P13.sent/*/*/* SURFACED-MASKED       "conn closed" is all that is left
`

const unlooked = `
P11/*/*/* UNHARMED,POOL-POISONED a dead connection goes back to the pool, which looks only at those idle for a second
`

// onPostgres makes the subject of a client that open opens by a URL.
func onPostgres(protocol point.Protocol, open func(url string) (audit.Client, error)) func(SpecContext) audit.Subject {
	return func(ctx SpecContext) audit.Subject {
		p := started(daemon.StartPostgres(ctx))
		return audit.Subject{
			Protocol: protocol, Origin: p, Pooled: true,
			Open: func(_ context.Context, to audit.Target) (audit.Client, error) { return open(p.URL(to.Address)) },
		}
	}
}

func sqlQuery(driver string) func(string) (audit.Client, error) {
	return func(url string) (audit.Client, error) {
		db, err := sql.Open(driver, url)
		return sqlClient{db, daemon.PostgresRead, daemon.PostgresWrite}, err
	}
}

func sqlInsert(driver string) func(string) (audit.Client, error) {
	return func(url string) (audit.Client, error) {
		db, err := sql.Open(driver, url)
		return sqlExec{db}, err
	}
}

func sqlCommit(driver string) func(string) (audit.Client, error) {
	return func(url string) (audit.Client, error) {
		db, err := sql.Open(driver, url)
		return sqlTransaction{db, "INSERT INTO executed (id) VALUES ($1)"}, err
	}
}

// A pgxPool is pgx without database/sql.
type pgxPool struct {
	*pgxpool.Pool
	do func(context.Context, *pgxpool.Pool, audit.Call) audit.Answer
}

func pgxClient(do func(context.Context, *pgxpool.Pool, audit.Call) audit.Answer) func(string) (audit.Client, error) {
	return func(url string) (audit.Client, error) {
		config, err := pgxpool.ParseConfig(url)
		if err != nil {
			return nil, err
		}
		config.ShouldPing = idleForMinute
		pool, err := pgxpool.NewWithConfig(context.Background(), config)
		return pgxPool{pool, do}, err
	}
}

// idleForMinute has the pool look at connections as by default, but not after a
// second: so long the audit itself may take on a slow machine.
func idleForMinute(_ context.Context, p pgxpool.ShouldPingParams) bool {
	return p.IdleDuration > time.Minute
}

// Do performs a call. SafeToRetry is how pgx says that nothing was executed.
func (p pgxPool) Do(ctx context.Context, c audit.Call) audit.Answer {
	a := p.do(ctx, p.Pool, c)
	a.Unexecuted = a.Err != nil && pgconn.SafeToRetry(a.Err)
	return a
}

func (p pgxPool) Close() error {
	p.Pool.Close()
	return nil
}

func pgxQuery(ctx context.Context, pool *pgxpool.Pool, c audit.Call) audit.Answer {
	query := daemon.PostgresWrite
	if c.Operation != point.Write {
		query = daemon.PostgresRead
	}
	rows, err := pool.Query(ctx, query, c.ID)
	if err != nil {
		return audit.Answer{Err: err}
	}
	defer rows.Close()
	return answerOf(rows)
}

func pgxExec(ctx context.Context, pool *pgxpool.Pool, c audit.Call) audit.Answer {
	_, err := pool.Exec(ctx, insert(c))
	return audit.Answer{Err: err}
}

func pgxCommit(ctx context.Context, pool *pgxpool.Pool, c audit.Call) audit.Answer {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO executed (id) VALUES ($1)", c.ID)
		return err
	})
	return audit.Answer{Err: err}
}
