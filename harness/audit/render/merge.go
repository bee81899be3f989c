package render

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// Merge makes one report of those of the shards of an audit. It is an error
// if they are not of the same subject and protocol, or have a cell twice. If a
// shard is missing, Stopped says so.
func Merge(reports ...*verdict.Report) (*verdict.Report, error) {
	if len(reports) == 0 {
		return nil, errors.New("merge: no report is given")
	}
	first := reports[0]
	whole := &verdict.Report{
		Version: verdict.ReportVersion, Subject: first.Subject, Protocol: first.Protocol, Seed: first.Seed, Started: first.Started,
	}
	from := map[string]int{}
	for i, r := range reports {
		if r.Subject != first.Subject || r.Protocol != first.Protocol || r.Shards != first.Shards {
			return nil, fmt.Errorf("merge: report %d is of %q, %s, in %d shards; the first of %q, %s, in %d",
				i+1, r.Subject, plain(r.Protocol), r.Shards, first.Subject, plain(first.Protocol), first.Shards)
		}
		for _, c := range r.Cells {
			if other, ok := from[c.ID]; ok {
				return nil, fmt.Errorf("merge: cell %s is in reports %d and %d", c.ID, other, i+1)
			}
			from[c.ID] = i + 1
		}
		add(whole, r)
	}
	whole.Stopped = incomplete(reports)
	arrange(whole, reports)
	return whole, nil
}

// add takes over what one report says besides its order.
func add(whole, r *verdict.Report) {
	whole.Cells = append(whole.Cells, r.Cells...)
	for _, untried := range r.Untried {
		if !slices.Contains(whole.Untried, untried) {
			whole.Untried = append(whole.Untried, untried)
		}
	}
	whole.Unmet = append(whole.Unmet, r.Unmet...)
	whole.Left += r.Left
	whole.Duration = max(whole.Duration, r.Duration)
	if r.Seed != whole.Seed {
		whole.Seed = 0
	}
	if r.Started.Before(whole.Started) {
		whole.Started = r.Started
	}
	for _, p := range r.Places {
		if !slices.ContainsFunc(whole.Places, func(q verdict.PlaceNote) bool { return q.ID == p.ID }) {
			whole.Places = append(whole.Places, p)
		}
	}
}

// arrange puts cells and places into the order of the matrix.
func arrange(whole *verdict.Report, reports []*verdict.Report) {
	order := placesOf(reports...)
	slices.SortStableFunc(whole.Cells, func(a, b verdict.Result) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Place), slices.Index(order, b.Place)), compareFaults(a.Fault, b.Fault),
			cmp.Compare(repeatOrder(a.Repeat), repeatOrder(b.Repeat)), compareOperations(a.Operation, b.Operation))
	})
	slices.SortStableFunc(whole.Places, func(a, b verdict.PlaceNote) int {
		return cmp.Compare(slices.Index(order, a.ID), slices.Index(order, b.ID))
	})
}

// incomplete says which parts are missing.
func incomplete(reports []*verdict.Report) string {
	var missing []string
	for _, r := range reports {
		if r.Stopped != "" {
			missing = append(missing, r.Stopped)
		}
	}
	for shard := 1; shard <= reports[0].Shards; shard++ {
		if !slices.ContainsFunc(reports, func(r *verdict.Report) bool { return r.Shard == shard }) {
			missing = append(missing, fmt.Sprintf("shard %d of %d is missing", shard, reports[0].Shards))
		}
	}
	return strings.Join(missing, "; ")
}
