package claims

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Table is what became of every claim in one run of a suite, or of several.
type Table struct {
	Verdicts []Verdict // of every claim by toy programs, in the order of [All]
	Real     []Verdict // of the claims to which real programs speak, in that order
	// Specs is how many specs there are, about claims or not. Failed and
	// LeftOut are how many of them failed, and were left out by a filter.
	Specs, Failed, LeftOut int
	// OfReal is how many of them are made with real programs.
	OfReal int
}

// Tabulate judges every claim by one run of a suite, or by several.
func Tabulate(runs []Run) Table {
	t := Table{Specs: len(runs)}
	for _, r := range runs {
		switch r.State {
		case Failed:
			t.Failed++
		case LeftOut:
			t.LeftOut++
		}
		if len(r.Programs) > 0 {
			t.OfReal++
		}
	}
	for _, c := range All() {
		t.Verdicts = append(t.Verdicts, Judge(c, runs))
		t.Real = append(t.Real, JudgeReal(c, runs)...)
	}
	return t
}

// Shown returns the verdicts that the table shows of a claim: the toy programs'
// first, unless only real programs ran, and those of real programs. Of a
// filtered run it shows what the chosen specs are about.
func (t Table) Shown(id ID) []Verdict {
	return slices.DeleteFunc(slices.Concat(t.Verdicts, t.Real), func(v Verdict) bool {
		notChosen := t.LeftOut > 0 && v.Chosen == 0
		notThisSuite := v.By == "" && t.OfReal > 0 && t.OfReal == t.Specs
		return v.Claim != id || notChosen || notThisSuite
	})
}

// Why says in a sentence why the real programs of a verdict show something else
// than the toy programs, or than the document says. Empty: they do not.
func (t Table) Why(v Verdict) string {
	i := slices.IndexFunc(All(), func(c Claim) bool { return c.ID == v.Claim })
	toy := slices.IndexFunc(t.Verdicts, func(o Verdict) bool { return o.Claim == v.Claim })
	if v.By == "" || i < 0 || !v.Judged() || toy >= 0 && t.Verdicts[toy].kind() == v.kind() {
		return ""
	}
	return ofProgram(All()[i].Real, v)
}

// ofProgram is the sentence about the first real program of a verdict.
func ofProgram(sentences map[string]string, v Verdict) string {
	name, _, _ := strings.Cut(v.By, " ")
	return sentences[name]
}

// WriteTo writes the table: first what it lacks, then each claim with its
// verdicts, its document and what that says. Of a filtered run it shows the
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
	for _, c := range All() {
		shown := t.Shown(c.ID)
		for _, v := range shown {
			partly = partly || v.Chosen < v.Specs
			fmt.Fprintf(&text, "%v\n", v)
			if why := t.Why(v); why != "" {
				fmt.Fprintf(&text, "    why: %s\n", why)
			}
			if words := ofProgram(c.Words, v); words != "" && v.Judged() {
				fmt.Fprintf(&text, "    words: %s\n", words)
			}
		}
		if t.OfReal > 0 && len(shown) == 1 && shown[0].By == "" && c.Unshown != "" {
			fmt.Fprintf(&text, "    no real program: %s\n", c.Unshown)
		}
		if len(shown) > 0 {
			fmt.Fprintf(&text, "    %s: %s\n", c.Document, c.Says)
		}
	}
	if partly {
		fmt.Fprintf(&text, "claims · all specs of one: go tool ginkgo "+
			"--label-filter='claim: containsAny ID' %s\n", t.path())
	}
	n, err := io.WriteString(w, text.String())
	return int64(n), err
}

// path is where the specs are.
func (t Table) path() string {
	switch t.OfReal {
	case 0:
		return "./scenarios"
	case t.Specs:
		return "./scenarios/real"
	}
	return "./scenarios ./scenarios/real"
}
