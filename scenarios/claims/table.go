package claims

import (
	"fmt"
	"io"
	"strings"
)

// A Table is what became of every claim in one run of the suite.
type Table struct {
	Verdicts []Verdict // of every claim, in the order of [All]
	// Specs is how many specs there are, about claims or not. Failed and
	// LeftOut are how many of them failed, and were left out by a filter.
	Specs, Failed, LeftOut int
}

// Tabulate judges every claim by one run of the suite.
func Tabulate(runs []Run) Table {
	t := Table{Specs: len(runs)}
	for _, r := range runs {
		switch r.State {
		case Failed:
			t.Failed++
		case LeftOut:
			t.LeftOut++
		}
	}
	for _, c := range All() {
		t.Verdicts = append(t.Verdicts, Judge(c, runs))
	}
	return t
}

// WriteTo writes the table: first what it lacks, then each claim with its
// verdict, its document and what that says. Of a filtered run it shows the
// claims that the chosen specs are about, and how to run all specs of one.
func (t Table) WriteTo(w io.Writer) (int64, error) {
	var text strings.Builder
	if t.Failed > 0 {
		fmt.Fprintf(&text, "claims · %d of %s FAILED: the claims that they are about are \"failed\", "+
			"whatever their other specs saw\n", t.Failed, specs(t.Specs))
	}
	if t.LeftOut > 0 {
		fmt.Fprintf(&text, "claims · %d of %s were chosen: these are the claims that they are about\n",
			t.Specs-t.LeftOut, specs(t.Specs))
	}
	partly := false
	for i, c := range All() {
		v := t.Verdicts[i]
		if t.LeftOut > 0 && v.Chosen == 0 {
			continue
		}
		partly = partly || v.Chosen < v.Specs
		fmt.Fprintf(&text, "%v\n    %s: %s\n", v, c.Document, c.Says)
	}
	if partly {
		fmt.Fprint(&text, "claims · all specs of one: go tool ginkgo "+
			"--label-filter='claim: containsAny ID' ./scenarios\n")
	}
	n, err := io.WriteString(w, text.String())
	return int64(n), err
}
