package claims

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// An ID names a claim.
type ID string

// A Claim is a statement of a document.
type Claim struct {
	ID       ID
	Document string   // "elb", "guide" or "jby"
	Says     string   // the statement, in our words
	Seen     []string // what is seen if it is true: one of these observations
	KnownOn  string   // systems other than Linux where it is known to hold; may be empty
	WaitsFor string   // what has to be there before it can be shown; empty if nothing
}

// An Observation is what a spec saw that bears on a claim.
type Observation struct {
	Claim ID     `json:"claim"`
	Saw   string `json:"saw"`
	// If is the condition, which the document leaves out, under which the spec
	// looked. Empty: under the circumstances that the document states.
	If string `json:"if,omitempty"`
}

// String says what was seen, and under which condition.
func (o Observation) String() string {
	if o.If == "" {
		return fmt.Sprintf("%s: saw %s", o.Claim, o.Saw)
	}
	return fmt.Sprintf("%s: saw %s, if %s", o.Claim, o.Saw, o.If)
}

// A Verdict says what became of a claim in one run.
type Verdict struct {
	Claim ID
	// Word is "holds", "holds if …", "differs on …", "waiting" or "not run".
	Word  string
	Specs int // how many observations decided it
}

// Ran says whether the claim was put to the test.
func (v Verdict) Ran() bool { return v.Word != NotRun && v.Word != Waiting }

// String is the claim's line in the table.
func (v Verdict) String() string {
	if !v.Ran() {
		return fmt.Sprintf("claim %s · %s", v.Claim, v.Word)
	}
	unit := "specs"
	if v.Specs == 1 {
		unit = "spec"
	}
	return fmt.Sprintf("claim %s · %s · %d %s", v.Claim, v.Word, v.Specs, unit)
}

// The verdicts of claims that nothing was observed about.
const (
	NotRun  = "not run" // no spec of it passed in this run
	Waiting = "waiting" // it needs something that is not there yet
)

// Judge compares what the claim says is seen with the observations that bear
// on it; the others are passed over.
func Judge(c Claim, observations []Observation) Verdict {
	v := Verdict{Claim: c.ID}
	var asStated, otherwise, trueIf, falseIf []string
	for _, o := range observations {
		if o.Claim != c.ID {
			continue
		}
		v.Specs++
		agrees := slices.Contains(c.Seen, o.Saw)
		switch {
		case o.If == "" && agrees:
			asStated = append(asStated, o.Saw)
		case o.If == "":
			otherwise = append(otherwise, o.Saw)
		case agrees:
			trueIf = append(trueIf, o.If)
		default:
			otherwise = append(otherwise, o.Saw)
			falseIf = append(falseIf, o.If)
		}
	}
	statedOtherwise := len(otherwise) > len(falseIf)
	torn := slices.ContainsFunc(trueIf, func(condition string) bool { return slices.Contains(falseIf, condition) })
	switch {
	case v.Specs == 0 && c.WaitsFor != "":
		v.Word = Waiting
	case v.Specs == 0:
		v.Word = NotRun
	case statedOtherwise || torn || len(asStated)+len(trueIf) == 0:
		v.Word = fmt.Sprintf("differs on %s: %s", runtime.GOOS, phrase(otherwise))
		if c.KnownOn != "" {
			v.Word += "; holds on " + c.KnownOn
		}
	case len(trueIf) > 0:
		v.Word = "holds if " + phrase(trueIf)
	case len(falseIf) > 0:
		v.Word = "holds unless " + phrase(falseIf)
	default:
		v.Word = "holds"
	}
	return v
}

// phrase names each of several things once, in a stable order.
func phrase(words []string) string {
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ", or ")
}

// Table judges every claim, in the order of [All].
func Table(observations []Observation) []Verdict {
	var verdicts []Verdict
	for _, c := range All() {
		verdicts = append(verdicts, Judge(c, observations))
	}
	return verdicts
}
