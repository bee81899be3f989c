package daemon

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that asks the server what it has executed
	"github.com/resetlab/resetlab/harness/audit"
)

// Rows is how many rows the reply to each query has.
const Rows = 20

// A Postgres is a PostgreSQL server with a table of what was executed.
type Postgres struct {
	*Daemon
	admin *sql.DB
}

// The queries of the audits. Both take the id and return Rows rows of a text.
const (
	PostgresRead  = `SELECT looked.id || ' row ' || n FROM look($1) AS looked(id), generate_series(1, 20) AS n`
	PostgresWrite = `WITH done AS (INSERT INTO executed (id) VALUES ($1) RETURNING id)
		SELECT done.id || ' row ' || n FROM done, generate_series(1, 20) AS n`
)

const postgresSchema = `CREATE TABLE executed (id text NOT NULL);
	CREATE FUNCTION look(asked text) RETURNS SETOF text LANGUAGE sql VOLATILE ROWS 1
		AS 'INSERT INTO executed (id) VALUES (asked) RETURNING id'`

// StartPostgres starts a server with the user audit and the database postgres.
func StartPostgres(ctx context.Context) (*Postgres, error) {
	const bin = "/usr/lib/postgresql/*/bin"
	initdb, err := find("initdb", "postgresql", bin)
	if err != nil {
		return nil, err
	}
	server, err := find("postgres", "postgresql", bin)
	if err != nil {
		return nil, err
	}
	d, err := newDaemon(ctx)
	if err != nil {
		return nil, err
	}
	p := &Postgres{Daemon: d}
	if err := p.prepare(ctx, initdb, server); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Postgres) prepare(ctx context.Context, initdb, server string) (err error) {
	err = p.run(ctx, initdb, "-D", "data", "-U", "audit", "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8")
	if err != nil {
		return err
	}
	const anyLoopback = "host all all 127.0.0.0/8 trust\n"
	if err := os.WriteFile(filepath.Join(p.dir, "data", "pg_hba.conf"), []byte(anyLoopback), 0o644); err != nil {
		return fmt.Errorf("access to PostgreSQL: %w", err)
	}
	if p.admin, err = sql.Open("pgx", p.URL(p.Address)); err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	p.admin.SetMaxOpenConns(4)
	err = p.start(ctx, p.admin.PingContext, server, "-D", "data", "-p", p.port(),
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off",
		"-c", "max_connections=400", "-c", "shared_buffers=16MB", "-c", "autovacuum=off")
	if err != nil {
		return err
	}
	if _, err := p.admin.ExecContext(ctx, postgresSchema); err != nil {
		return fmt.Errorf("tables of PostgreSQL: %w", err)
	}
	return nil
}

// URL is how a client finds the server by way of an address.
func (p *Postgres) URL(address string) string {
	return "postgres://audit@" + address + "/postgres?sslmode=disable"
}

// Addr returns the address of the server.
func (p *Postgres) Addr() string { return p.Address }

// Reply returns the rows, a line each.
func (p *Postgres) Reply(c audit.Call) []byte { return rowsFor(c.ID) }

func rowsFor(id string) (text []byte) {
	for n := range Rows {
		text = fmt.Appendf(text, "%s row %d\n", id, n+1)
	}
	return text
}

// Account counts in the table, on a connection of its own.
func (p *Postgres) Account(ctx context.Context, c audit.Call) (a audit.Account, err error) {
	a.Executed, err = p.Executed(ctx, c.ID)
	return a, err
}

// Executed returns how often an id was executed.
func (p *Postgres) Executed(ctx context.Context, id string) (n int, err error) {
	err = p.admin.QueryRowContext(ctx, `SELECT count(*) FROM executed WHERE id = $1`, id).Scan(&n)
	return n, err
}

// Settle waits until no process of the server serves the address any more.
func (p *Postgres) Settle(ctx context.Context, source netip.Addr, _ int) error {
	const query = `SELECT count(*) FROM pg_stat_activity WHERE client_addr = $1::inet`
	return settle(ctx, p.admin, query, source.String())
}

// Forget does nothing: the table ends with the server.
func (p *Postgres) Forget(netip.Addr, ...audit.Call) {}

// settle waits until a query counts nothing.
func settle(ctx context.Context, db *sql.DB, query string, args ...any) error {
	for {
		left := 0
		if err := db.QueryRowContext(ctx, query, args...).Scan(&left); err != nil || left == 0 {
			return err
		}
		select { // the server has no event for it
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("the server still serves %d connections: %w", left, ctx.Err())
		}
	}
}

// Close ends the server.
func (p *Postgres) Close() error {
	if p.admin != nil {
		p.admin.Close() // its connections end with the server anyway
	}
	return p.Daemon.Close()
}
