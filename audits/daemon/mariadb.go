package daemon

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"

	_ "github.com/go-sql-driver/mysql" // the driver that asks the server what it has executed
	"github.com/resetlab/resetlab/harness/audit"
)

// A MariaDB is a MariaDB server with tables of what was executed.
type MariaDB struct {
	*Daemon
	admin *sql.DB
}

// The queries of the audits. Both take the id once and return Rows rows of a
// text.
const (
	MariaDBRead = `SELECT concat(looked.id, ' row ', seq) FROM (SELECT look(?) AS id) AS looked, seq_1_to_20
		ORDER BY seq`
	MariaDBWrite = `INSERT INTO executed (id, part) SELECT done.id, seq FROM (SELECT ? AS id) AS done, seq_1_to_20
		RETURNING concat(id, ' row ', part)`
)

// One connection makes one query of an id: a repeat comes on another one.
var mariadbSchema = []string{
	`CREATE DATABASE audit`,
	`CREATE TABLE audit.executed (id varchar(40), part int, KEY (id)) ENGINE=InnoDB`,
	`CREATE TABLE audit.looked (id varchar(40), connection bigint, PRIMARY KEY (id, connection)) ENGINE=InnoDB`,
	`CREATE FUNCTION audit.look(asked varchar(40)) RETURNS varchar(40) MODIFIES SQL DATA
		BEGIN INSERT IGNORE INTO audit.looked VALUES (asked, connection_id()); RETURN asked; END`,
	`CREATE USER audit@'127.%'`,
	`GRANT ALL ON audit.* TO audit@'127.%'`,
}

// StartMariaDB starts a server with the user and the database audit.
func StartMariaDB(ctx context.Context) (*MariaDB, error) {
	install, err := find("mariadb-install-db", "mariadb-server")
	if err != nil {
		return nil, err
	}
	server, err := find("mariadbd", "mariadb-server")
	if err != nil {
		return nil, err
	}
	d, err := newDaemon(ctx)
	if err != nil {
		return nil, err
	}
	m := &MariaDB{Daemon: d}
	if err := m.prepare(ctx, install, server); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func (m *MariaDB) prepare(ctx context.Context, install, server string) (err error) {
	data := filepath.Join(m.dir, "data")
	err = m.run(ctx, install, "--no-defaults", "--datadir="+data, "--auth-root-authentication-method=normal",
		"--skip-test-db", "--skip-name-resolve")
	if err != nil {
		return err
	}
	socket := filepath.Join(m.dir, "socket")
	if m.admin, err = sql.Open("mysql", "root@unix("+socket+")/"); err != nil {
		return fmt.Errorf("connect to MariaDB: %w", err)
	}
	m.admin.SetMaxOpenConns(4)
	err = m.start(ctx, m.admin.PingContext, server, "--no-defaults", "--datadir="+data, "--socket="+socket,
		"--port="+m.port(), "--bind-address=127.0.0.1", "--skip-name-resolve", "--max-connections=400",
		"--max-connect-errors=1000000", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M",
		"--pid-file="+filepath.Join(m.dir, "pid"))
	if err != nil {
		return err
	}
	for _, statement := range mariadbSchema {
		if _, err := m.admin.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("tables of MariaDB: %w", err)
		}
	}
	return nil
}

// Addr returns the address of the server.
func (m *MariaDB) Addr() string { return m.Address }

// Reply returns the rows, a line each.
func (m *MariaDB) Reply(c audit.Call) []byte { return rowsFor(c.ID) }

// Account counts in the tables, by way of a connection of its own.
func (m *MariaDB) Account(ctx context.Context, c audit.Call) (a audit.Account, err error) {
	const query = `SELECT (SELECT count(*) FROM audit.executed WHERE id = ? AND part = 1)
		+ (SELECT count(*) FROM audit.looked WHERE id = ?)`
	err = m.admin.QueryRowContext(ctx, query, c.ID, c.ID).Scan(&a.Executed)
	return a, err
}

// Settle waits until no thread of the server serves the address any more.
func (m *MariaDB) Settle(ctx context.Context, source netip.Addr, _ int) error {
	const query = `SELECT count(*) FROM information_schema.processlist WHERE host LIKE ?`
	return settle(ctx, m.admin, query, source.String()+":%")
}

// Forget does nothing: the tables end with the server.
func (m *MariaDB) Forget(netip.Addr, ...audit.Call) {}

// Close ends the server.
func (m *MariaDB) Close() error {
	if m.admin != nil {
		m.admin.Close() // its connections end with the server anyway
	}
	return m.Daemon.Close()
}
