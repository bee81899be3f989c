package cli

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/resetlab/resetlab/harness/watch"
)

// A watchView shows diagnoses.
type watchView interface {
	begin(watchIntroduction) error
	show(d *watch.Diagnosis) error
	end(s *watch.Summary, seen, lost uint64) error
}

// watchViews are several at once. One that fails does not keep the others from
// what they have to do.
type watchViews []watchView

func (all watchViews) begin(i watchIntroduction) error {
	return all.each(func(v watchView) error { return v.begin(i) })
}

func (all watchViews) show(d *watch.Diagnosis) error {
	return all.each(func(v watchView) error { return v.show(d) })
}

func (all watchViews) end(s *watch.Summary, seen, lost uint64) error {
	return all.each(func(v watchView) error { return v.end(s, seen, lost) })
}

func (all watchViews) each(do func(watchView) error) error {
	var errs []error
	for _, v := range all {
		errs = append(errs, do(v))
	}
	return errors.Join(errs...)
}

// newView is what a person or a program reads while it is watched.
func (f *watchFlags) newView(out io.Writer) watchView {
	switch {
	case f.json:
		return &watchJSON{json.NewEncoder(out)}
	case f.top:
		return newWatchTop(out, f.style)
	case f.card:
		return newWatchCards(out, f.style)
	}
	return newWatchLines(out)
}

// watchJSON writes lines of JSON.
type watchJSON struct{ *json.Encoder }

func (v *watchJSON) begin(i watchIntroduction) error { return v.Encode(i) }

func (v *watchJSON) show(d *watch.Diagnosis) error { return v.Encode(d) }

func (v *watchJSON) end(s *watch.Summary, seen, lost uint64) error {
	return v.Encode(struct {
		Kind   string      `json:"kind"` // "summary"
		Resets int64       `json:"resets"`
		Events uint64      `json:"events"` // of the kernel; a reset may have two
		Lost   uint64      `json:"lost_events"`
		Folded int64       `json:"folded_events"` // only counted, above the rate; among Resets
		Causes []watch.Row `json:"causes"`
	}{"summary", s.Total(), seen, lost, s.Folded(), s.Rows()})
}
