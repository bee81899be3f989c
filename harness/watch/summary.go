package watch

import (
	"cmp"
	"slices"
	"time"
)

// A Summary counts diagnoses by cause, and by whose and at which port. The zero
// value is ready. What it keeps is bounded: what finds no room is counted for
// nobody in particular.
type Summary struct {
	rows map[rowKey]*Row
	all  Row

	folded int64
}

// A Row is what has been counted of one cause at one program and port.
type Row struct {
	Cause string    `json:"cause"` // "" where none is known
	Or    []string  `json:"or,omitempty"`
	Owner string    `json:"owner"` // the program's name; "": not known, or several
	Port  uint16    `json:"port"`  // of the server; 0: not known, or several
	Count int64     `json:"count"`
	Lossy int64     `json:"lossy"` // how many of them surely lost something
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Shown string    `json:"shown,omitempty"` // the scenario
	Cure  string    `json:"cure,omitempty"`
}

type rowKey struct {
	cause, owner string
	port         uint16
	sure         bool
}

// mostRows bounds how many rows there are.
const mostRows = 1000

// Add counts a diagnosis.
func (s *Summary) Add(d *Diagnosis) {
	if s.rows == nil {
		s.rows = map[rowKey]*Row{}
	}
	key := rowKey{cause: d.Cause, owner: d.Owner.Name, port: d.ServerPort(), sure: d.Sure()}
	row := s.rows[key]
	if row == nil && len(s.rows) >= mostRows {
		key.owner, key.port = "", 0
		row = s.rows[key]
	}
	if row == nil {
		row = &Row{Cause: d.Cause, Or: d.Or, Owner: key.owner, Port: key.port, Shown: d.Shown, Cure: d.Cure}
		s.rows[key] = row
	}
	row.add(d)
	s.all.add(d)
	if d.Counter == "" {
		s.folded += d.Times
	}
}

func (r *Row) add(d *Diagnosis) {
	if r.Count == 0 {
		r.First = d.Time
	}
	times := max(1, d.Times)
	r.Count += times
	r.Last = d.Time
	if d.Harm == "certain" {
		r.Lossy += times
	}
}

// Total returns how many diagnoses have been counted.
func (s *Summary) Total() int64 { return s.all.Count }

// Folded returns how many of them were only counted, for there were more in a
// second than [Options].Rate.
func (s *Summary) Folded() int64 { return s.folded }

// Rows returns the rows, those with the highest counts first.
func (s *Summary) Rows() []Row {
	rows := make([]Row, 0, len(s.rows))
	for _, row := range s.rows {
		rows = append(rows, *row)
	}
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.Owner, b.Owner),
			cmp.Compare(a.Port, b.Port))
	})
	return rows
}

// ServerPort is the port of the end that accepted the connection, 0 if that is
// not known.
func (e *Event) ServerPort() uint16 {
	switch e.Role() {
	case Server:
		return e.Local.Port()
	case Client:
		return e.Remote.Port()
	}
	return 0
}
