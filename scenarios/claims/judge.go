package claims

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// A Verdict says what became of a claim in one run of the suite.
type Verdict struct {
	Claim ID
	// Word is "holds", "holds if …", "holds unless …" or "differs on …" where
	// every spec of the claim passed; otherwise Broken, Incomplete or NotRun.
	Word string
	// Specs is how many specs are about the claim. Passed, Failed and Chosen
	// are how many of them passed, failed, and were to run at all.
	Specs, Passed, Failed, Chosen int
}

// The verdicts of claims whose evidence is not whole. Nothing is concluded from
// what the other specs saw: the one that is missing may be the one by which a
// claim differs.
const (
	Broken     = "failed"     // a spec about it failed
	Incomplete = "incomplete" // some of its specs did not run
	NotRun     = "not run"    // none of its specs ran
)

// Judged says whether all specs of the claim passed, so that the verdict was
// computed from what they saw.
func (v Verdict) Judged() bool { return v.Specs > 0 && v.Passed == v.Specs }

// String is the claim's line in the table.
func (v Verdict) String() string {
	line := fmt.Sprintf("claim %s · %s", v.Claim, v.Word)
	switch {
	case v.Judged():
		return fmt.Sprintf("%s · %s", line, specs(v.Specs))
	case v.Failed > 0:
		return fmt.Sprintf("%s · %d of %s failed", line, v.Failed, specs(v.Specs))
	case v.Passed > 0:
		return fmt.Sprintf("%s · %d of %s ran", line, v.Passed, specs(v.Specs))
	}
	return line
}

// specs counts specs in words.
func specs(n int) string {
	if n == 1 {
		return "1 spec"
	}
	return fmt.Sprintf("%d specs", n)
}

// Judge compares what the claim says is seen with what the specs about it
// observed; specs that are about others are passed over.
func Judge(c Claim, runs []Run) Verdict {
	v := Verdict{Claim: c.ID}
	var saw []Observation
	for _, r := range runs {
		if !slices.Contains(r.About, c.ID) {
			continue
		}
		v.Specs++
		if r.State != LeftOut {
			v.Chosen++
		}
		switch observed := slices.ContainsFunc(r.Saw, func(o Observation) bool { return o.Claim == c.ID }); {
		case r.State == Passed && observed:
			v.Passed++
			saw = append(saw, r.Saw...)
		case r.State == Failed:
			v.Failed++
		}
	}
	switch {
	case v.Failed > 0:
		v.Word = Broken
	case v.Passed == 0:
		v.Word = NotRun
	case !v.Judged():
		v.Word = Incomplete
	default:
		v.Word = compare(c, saw)
	}
	return v
}

// compare is the verdict on a claim by everything that was observed about it.
func compare(c Claim, saw []Observation) string {
	var asStated, otherwise, trueIf, falseIf []string
	for _, o := range saw {
		if o.Claim != c.ID {
			continue
		}
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
	case statedOtherwise || torn || len(asStated)+len(trueIf) == 0:
		word := fmt.Sprintf("differs on %s: %s", runtime.GOOS, phrase(otherwise))
		if c.KnownOn != "" {
			word += "; holds on " + c.KnownOn
		}
		return word
	case len(trueIf) > 0:
		return "holds if " + phrase(trueIf)
	case len(falseIf) > 0:
		return "holds unless " + phrase(falseIf)
	}
	return "holds"
}

// phrase names each of several things once, in a stable order.
func phrase(words []string) string {
	slices.Sort(words)
	return strings.Join(slices.Compact(words), ", or ")
}
