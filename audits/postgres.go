package audits

import (
	"bytes"
	"context"
	"database/sql"

	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx of database/sql
	_ "github.com/lib/pq"              // the driver postgres of database/sql
	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/audits/wire"
	"github.com/resetlab/resetlab/harness/audit"
)

var _ = declare(
	audited{
		name: "pgx pool", module: "github.com/jackc/pgx/v5",
		subject: func(ctx SpecContext) audit.Subject {
			p := started(daemon.StartPostgres(ctx))
			return audit.Subject{Protocol: wire.Postgres(), Origin: p, Pooled: true, Open: openPgxPool(p)}
		},
		expected: `
P11/*/*/* UNHARMED,POOL-POISONED a dead connection goes back to the pool, which looks only at those idle for a second
`,
	},
	audited{
		name: "database/sql, pgx", module: "github.com/jackc/pgx/v5",
		subject: func(ctx SpecContext) audit.Subject { return onPostgres(ctx, "pgx") },
	},
	audited{
		name: "database/sql, lib/pq", module: "github.com/lib/pq",
		subject: func(ctx SpecContext) audit.Subject { return onPostgres(ctx, "postgres") },
		expected: `
P[789]/fin/once/write      DUPLICATED  any io.EOF becomes driver.ErrBadConn, whatever was sent, and database/sql repeats
P10/fin/once/write         DUPLICATED  the same, as long as no row has come
P14/half-close/once/write  DUPLICATED  the same, as long as no row has come
*/*/always/write           DUPLICATED+ERROR|SURFACED-MASKED  the same three times; driver.ErrBadConn is all that is left
*/*/always/read            SURFACED-MASKED  driver.ErrBadConn is all that is left
P10.*/fin/once/*           SURFACED-MASKED  driver.ErrBadConn comes out of rows.Err
`,
	},
)

// A pgxPool is pgx without database/sql.
type pgxPool struct{ *pgxpool.Pool }

func openPgxPool(p *daemon.Postgres) func(context.Context, audit.Target) (audit.Client, error) {
	return func(_ context.Context, to audit.Target) (audit.Client, error) {
		pool, err := pgxpool.New(context.Background(), p.URL(to.Address))
		return pgxPool{pool}, err
	}
}

func (p pgxPool) Do(ctx context.Context, c audit.Call) audit.Answer {
	query := daemon.PostgresWrite
	if c.Operation != audit.Write {
		query = daemon.PostgresRead
	}
	rows, err := p.Query(ctx, query, c.ID)
	if err != nil {
		return audit.Answer{Err: err}
	}
	defer rows.Close()
	var body bytes.Buffer
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return audit.Answer{Err: err}
		}
		body.WriteString(line + "\n")
	}
	return audit.Answer{Body: body.Bytes(), Err: rows.Err()}
}

func (p pgxPool) Close() error {
	p.Pool.Close()
	return nil
}

func onPostgres(ctx SpecContext, driver string) audit.Subject {
	p := started(daemon.StartPostgres(ctx))
	return audit.Subject{
		Protocol: wire.Postgres(), Origin: p, Pooled: true,
		Open: func(_ context.Context, to audit.Target) (audit.Client, error) {
			db, err := sql.Open(driver, p.URL(to.Address))
			return sqlClient{db, daemon.PostgresRead, daemon.PostgresWrite}, err
		},
	}
}
