package render

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// A Difference is what changed between two reports of a client.
type Difference struct {
	Old, New string // the subjects
	Worse    []Change
	Better   []Change
	Other    []Change         // another verdict, and neither better nor worse
	Added    []verdict.Result // cells that only the new report has
	Gone     []verdict.Result // cells that only the old report has
	Same     int
}

// A Change is a cell with another verdict than before.
type Change struct{ Old, New verdict.Result }

// Diff compares two reports. It is an error if their protocols differ.
func Diff(before, after *verdict.Report) (*Difference, error) {
	if before.Protocol != after.Protocol {
		return nil, fmt.Errorf("compare: %s and %s have no cells in common", plain(before.Protocol), plain(after.Protocol))
	}
	d := &Difference{Old: before.Subject, New: after.Subject}
	for _, is := range after.Cells {
		was, ok := before.Cell(is.ID)
		if !ok {
			d.Added = append(d.Added, is)
			continue
		}
		d.compare(Change{was, is})
	}
	for _, was := range before.Cells {
		if _, ok := after.Cell(was.ID); !ok {
			d.Gone = append(d.Gone, was)
		}
	}
	if len(d.Added) == len(after.Cells) && len(d.Gone) == len(before.Cells) {
		return nil, errors.New("compare: the reports have no cells in common")
	}
	return d, nil
}

func (d *Difference) compare(c Change) {
	was, is := grade(c.Old), grade(c.New)
	bothBad := was == is && classOf(c.New) == bad
	switch {
	case c.Old.Verdict.String() == c.New.Verdict.String():
		d.Same++
	case classOf(c.Old) == unproven || classOf(c.New) == unproven:
		d.Other = append(d.Other, c) // it says nothing of the client
	case is > was, bothBad && c.New.Verdict.Worse(c.Old.Verdict):
		d.Worse = append(d.Worse, c)
	case is < was, bothBad && c.Old.Verdict.Worse(c.New.Verdict):
		d.Better = append(d.Better, c)
	default:
		d.Other = append(d.Other, c)
	}
}

// grade orders results: what is bad and was expected is as good as weak.
func grade(r verdict.Result) int {
	switch classOf(r) {
	case bad:
		return 2
	case weak, expected:
		return 1
	}
	return 0
}

// Regression says whether something became worse.
func (d *Difference) Regression() bool { return len(d.Worse) > 0 }

// Write writes the difference for a terminal, in plain text. The error is that
// of writing to w.
func (d *Difference) Write(w io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s → %s\n", plain(d.Old), plain(d.New))
	fmt.Fprintf(&text, "%d worse · %d better · %d other · %d the same · %d new · %d gone\n",
		len(d.Worse), len(d.Better), len(d.Other), d.Same, len(d.Added), len(d.Gone))
	for _, part := range []struct {
		title string
		list  []Change
	}{{"✗ worse", d.Worse}, {"✓ better", d.Better}, {"  other", d.Other}} {
		for _, c := range part.list {
			fmt.Fprintf(&text, "\n%s  %s  %s → %s\n", part.title, plain(c.New.ID), c.Old.Verdict, c.New.Verdict)
			fmt.Fprintf(&text, "    was: %s\n    is:  %s\n", plain(c.Old.Verdict.Reason), plain(c.New.Verdict.Reason))
		}
	}
	for _, part := range []struct {
		title string
		list  []verdict.Result
	}{{"+ new", d.Added}, {"- gone", d.Gone}} {
		if len(part.list) > 0 {
			text.WriteString("\n")
		}
		for _, r := range part.list {
			fmt.Fprintf(&text, "%-7s  %s  %s\n", part.title, plain(r.ID), r.Verdict)
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}
