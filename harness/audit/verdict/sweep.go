package verdict

import (
	"slices"
	"time"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// A SweepReport says how a client takes a cut at every byte of an operation.
type SweepReport struct {
	Version   int             `json:"version"` // of this format: see [ReportVersion]
	Subject   string          `json:"subject"`
	Protocol  string          `json:"protocol"`
	Operation point.Operation `json:"operation"`
	Repeat    point.Repeat    `json:"repeat"`
	Seed      uint64          `json:"seed"`
	Stride    int64           `json:"stride"`
	ToServer  int64           `json:"to_server"` // bytes of the healthy exchange
	ToClient  int64           `json:"to_client"`
	Goodbye   int64           `json:"goodbye,omitempty"` // bytes to the server when the client was closed: no call to be cut
	Cells     int             `json:"cells"`             // how many cuts were tried
	Duration  time.Duration   `json:"duration"`
	Ranges    []Range         `json:"ranges"`
	Stopped   string          `json:"stopped,omitempty"`
}

// A Range is a run of bytes at which the verdict is the same.
type Range struct {
	Toward  harness.End `json:"toward"`
	Fault   point.Fault `json:"fault"`
	First   int64       `json:"first"` // bytes that pass before the cut
	Last    int64       `json:"last"`
	Verdict Verdict     `json:"verdict"` // of one of its cells, the worst if Racy
	// Racy lists the verdicts that were seen where the same cut did not give the
	// same verdict each time.
	Racy []string `json:"racy,omitempty"`
	// Before and After are the bytes of the healthy exchange around First.
	Before []byte `json:"before"`
	After  []byte `json:"after"`
}

// Cell returns the cell at the beginning of the range, to be run on its own.
func (r Range) Cell(o point.Operation, repeat point.Repeat) point.Cell {
	return point.Cell{Place: point.AtByte(r.Toward, r.First), Fault: r.Fault, Repeat: repeat, Operation: o}
}

// Bad returns the ranges with a bad verdict.
func (s *SweepReport) Bad() []Range {
	return slices.DeleteFunc(slices.Clone(s.Ranges), func(r Range) bool { return !r.Verdict.Bad() })
}

// Unproven returns the ranges in which the audit proved nothing.
func (s *SweepReport) Unproven() []Range {
	return slices.DeleteFunc(slices.Clone(s.Ranges), func(r Range) bool { return !r.Verdict.Unproven() })
}
