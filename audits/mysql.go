package audits

import (
	"context"
	"database/sql"

	"github.com/go-sql-driver/mysql"
	. "github.com/onsi/ginkgo/v2"

	"github.com/resetlab/resetlab/audits/daemon"
	"github.com/resetlab/resetlab/audits/wire"
	"github.com/resetlab/resetlab/harness/audit"
)

var _ = declare(
	audited{
		name: "database/sql, go-sql-driver/mysql", module: "github.com/go-sql-driver/mysql", program: mariadbVersion,
		subject:  func(ctx SpecContext) audit.Subject { return onMariaDB(ctx, "") },
		expected: invalidConn,
	},
	audited{
		name: "database/sql, go-sql-driver/mysql, interpolateParams", module: "github.com/go-sql-driver/mysql", program: mariadbVersion,
		subject:  func(ctx SpecContext) audit.Subject { return onMariaDB(ctx, "?interpolateParams=true") },
		expected: invalidConn,
	},
)

const invalidConn = `
*/*/*/* SURFACED-MASKED mysql.ErrInvalidConn says no more than that; what was seen goes to the driver's log
P1/rst/*/* SURFACED|SURFACED-MASKED the server speaks first, and a reset in its place may come before connect returns
`

func onMariaDB(ctx SpecContext, options string) audit.Subject {
	m := started(daemon.StartMariaDB(ctx))
	return audit.Subject{
		Protocol: wire.MySQL(), Origin: m, Pooled: true,
		Open: func(_ context.Context, to audit.Target) (audit.Client, error) {
			config, err := mysql.ParseDSN("audit@tcp(" + to.Address + ")/audit" + options)
			if err != nil {
				return nil, err
			}
			config.Logger = &mysql.NopLogger{}
			connector, err := mysql.NewConnector(config)
			return sqlClient{sql.OpenDB(connector), daemon.MariaDBRead, daemon.MariaDBWrite}, err
		},
	}
}
