package render

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
	"github.com/resetlab/resetlab/harness/internal/jsonerror"
)

// JSON writes a report for [ReadJSON]. The error is that of writing to w.
func JSON(w io.Writer, r *verdict.Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// The bounds of a stored report.
const (
	maxReport = 256 << 20
	maxCells  = 100_000
)

// ReadJSON reads a report that JSON wrote, also one of an older version, of
// which it makes one of this. The error says in one line what is wrong with it:
// no JSON, another version, cells or verdicts that do not exist.
func ReadJSON(r io.Reader) (*verdict.Report, error) {
	bounded := &io.LimitedReader{R: r, N: maxReport + 1}
	decoder := json.NewDecoder(bounded)
	report := &verdict.Report{}
	switch err := decoder.Decode(report); {
	case bounded.N <= 0:
		return nil, fmt.Errorf("report: more than %d MiB are not read", maxReport>>20)
	case err != nil:
		return nil, fmt.Errorf("report: %w", jsonerror.Explain(err))
	}
	if err := check(report); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("report: something follows the report")
	}
	report.Version = verdict.ReportVersion
	return report, nil
}

func check(r *verdict.Report) error {
	switch {
	case r.Version == 0:
		return errors.New("no version: is this the report of an audit?")
	case r.Version < 1 || r.Version > verdict.ReportVersion:
		return fmt.Errorf("version %d: this program reads versions 1 to %d", r.Version, verdict.ReportVersion)
	case len(r.Cells) > maxCells:
		return fmt.Errorf("%d cells: at most %d are read", len(r.Cells), maxCells)
	case r.Shard < 0 || r.Shard > r.Shards || r.Shards > maxCells:
		return fmt.Errorf("shard %d of %d", r.Shard, r.Shards)
	}
	seen := map[string]bool{}
	for _, c := range r.Cells {
		if err := checkResult(c); err != nil {
			return err
		}
		if seen[c.ID] {
			return fmt.Errorf("cell %s is there twice", c.ID)
		}
		seen[c.ID] = true
	}
	if r.Protocol == "" { // a recording has a version, too, and no cells
		return errors.New("no protocol: is this the report of an audit, or a recording?")
	}
	return nil
}

func checkResult(r verdict.Result) error {
	cell, err := point.ParseCell(r.ID)
	if err != nil {
		return err
	}
	if cell != (point.Cell{Place: r.Place, Fault: r.Fault, Repeat: r.Repeat, Operation: r.Operation}) {
		return fmt.Errorf("cell %s is said to be another one", r.ID)
	}
	if len(r.Verdict.Outcomes) == 0 {
		return fmt.Errorf("cell %s: no outcome", r.ID)
	}
	for _, o := range r.Verdict.Outcomes {
		if !slices.Contains(verdict.Outcomes(), o) {
			return fmt.Errorf("cell %s: there is no outcome %q", r.ID, o)
		}
	}
	if len(r.Verdict.Hygiene) == 0 {
		return fmt.Errorf("cell %s: no hygiene", r.ID)
	}
	for _, h := range r.Verdict.Hygiene {
		if !slices.Contains(verdict.Hygienes(), h) {
			return fmt.Errorf("cell %s: there is no hygiene %q", r.ID, h)
		}
	}
	return nil
}
