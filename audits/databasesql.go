package audits

import (
	"bytes"
	"context"
	"database/sql"

	"github.com/resetlab/resetlab/harness/audit"
)

// A sqlClient queries by database/sql. A client that goes by its errors looks
// at each of them: also at that of rows.
type sqlClient struct {
	*sql.DB
	read, write string // take the id, and return rows of a text
}

// Do makes one query, for whose retries database/sql is responsible.
func (s sqlClient) Do(ctx context.Context, c audit.Call) audit.Answer {
	query := s.read
	if c.Operation == audit.Write {
		query = s.write
	}
	rows, err := s.QueryContext(ctx, query, c.ID)
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
