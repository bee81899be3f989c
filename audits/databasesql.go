package audits

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// A sqlClient queries by database/sql, and looks at each error: also at that of
// the rows.
type sqlClient struct {
	*sql.DB
	read, write string // take the id, and return rows of a text
}

// Do makes one query, for whose retries database/sql is responsible.
func (s sqlClient) Do(ctx context.Context, c audit.Call) audit.Answer {
	query := s.read
	if c.Operation == point.Write {
		query = s.write
	}
	rows, err := s.QueryContext(ctx, query, c.ID)
	if err != nil {
		return audit.Answer{Err: err}
	}
	defer rows.Close()
	return answerOf(rows)
}

// rows are what every library has that returns rows.
type rows interface {
	Next() bool
	Scan(into ...any) error
	Err() error
}

// answerOf reads all rows, a line each.
func answerOf(r rows) audit.Answer {
	var body bytes.Buffer
	for r.Next() {
		var line string
		if err := r.Scan(&line); err != nil {
			return audit.Answer{Err: err}
		}
		body.WriteString(line + "\n")
	}
	return audit.Answer{Body: body.Bytes(), Err: r.Err()}
}

// A sqlExec executes a statement without arguments.
type sqlExec struct{ *sql.DB }

func (s sqlExec) Do(ctx context.Context, c audit.Call) audit.Answer {
	_, err := s.ExecContext(ctx, insert(c))
	return audit.Answer{Err: err}
}

func insert(c audit.Call) string { return fmt.Sprintf("INSERT INTO executed (id) VALUES ('%s')", c.ID) }

// A sqlTransaction inserts and commits.
type sqlTransaction struct {
	*sql.DB
	insert string // takes the id
}

func (s sqlTransaction) Do(ctx context.Context, c audit.Call) audit.Answer {
	tx, err := s.BeginTx(ctx, nil)
	if err != nil {
		return audit.Answer{Err: err}
	}
	defer tx.Rollback() // does nothing after a COMMIT
	if _, err := tx.ExecContext(ctx, s.insert, c.ID); err != nil {
		return audit.Answer{Err: err}
	}
	err = tx.Commit()
	return audit.Answer{Err: err, Unexecuted: unsent(err)}
}

// unsent says whether an error says that nothing was executed: database/sql's
// drivers by driver.ErrBadConn, pgx also by SafeToRetry.
func unsent(err error) bool { return errors.Is(err, driver.ErrBadConn) || pgconn.SafeToRetry(err) }
