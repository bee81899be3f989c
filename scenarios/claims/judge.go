package claims

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// A Verdict says what became of a claim in one run of the suite.
type Verdict struct {
	Claim ID
	// By is the real programs, with their versions, whose specs were judged.
	// Empty: those of toy programs.
	By string
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

// kind is the verdict's word without what follows upon it: "holds", "holds if",
// "differs".
func (v Verdict) kind() string {
	for _, kind := range []string{"holds if", "holds unless", "holds", "differs"} {
		if strings.HasPrefix(v.Word, kind) {
			return kind
		}
	}
	return v.Word
}

// about says which claim the verdict is on, and by which real programs.
func (v Verdict) about() string {
	if v.By == "" {
		return fmt.Sprintf("claim %s", v.Claim)
	}
	return fmt.Sprintf("claim %s · %s", v.Claim, v.By)
}

// String is the claim's line in the table.
func (v Verdict) String() string {
	line := v.about() + " · " + v.Word
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

// Judge compares what the claim says is seen with what the specs of toy programs
// about it observed; specs that are about others are passed over.
func Judge(c Claim, runs []Run) Verdict {
	return judge(c, "", slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return len(r.Programs) > 0 }))
}

// JudgeReal is Judge for the specs of real programs: a verdict for each set of
// programs, and their versions, that specs about the claim are made with. None
// comes of a claim to which no real program speaks.
func JudgeReal(c Claim, runs []Run) []Verdict {
	var verdicts []Verdict
	for names, its := range byPrograms(c, runs) {
		versions := map[string]bool{}
		for _, r := range its {
			versions[cmp.Or(r.By, names)] = true
		}
		if len(versions) > 1 {
			delete(versions, names)
		}
		for by := range versions {
			// What did not run would have run with whichever version is there.
			verdicts = append(verdicts, judge(c, by, slices.DeleteFunc(slices.Clone(its), func(r Run) bool {
				return r.By != "" && r.By != by
			})))
		}
	}
	slices.SortFunc(verdicts, func(a, b Verdict) int { return strings.Compare(a.By, b.By) })
	return verdicts
}

// byPrograms returns the runs about a claim by the names of their real programs.
func byPrograms(c Claim, runs []Run) map[string][]Run {
	all := map[string][]Run{}
	for _, r := range runs {
		if len(r.Programs) > 0 && slices.Contains(r.About, c.ID) {
			names := strings.Join(r.Programs, ", ")
			all[names] = append(all[names], r)
		}
	}
	return all
}

// judge is the verdict on a claim by runs with the programs that by names.
func judge(c Claim, by string, runs []Run) Verdict {
	v := Verdict{Claim: c.ID, By: by}
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
		v.Word = compare(c, by, saw)
	}
	return v
}

// compare is the verdict on a claim by everything that was observed about it.
func compare(c Claim, by string, saw []Observation) string {
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
		switch word := fmt.Sprintf("differs on %s: %s", runtime.GOOS, phrase(otherwise)); {
		case by != "":
			return "differs: " + phrase(otherwise)
		case c.KnownOn != "":
			return word + "; holds on " + c.KnownOn
		default:
			return word
		}
	case len(trueIf) > 0:
		return "holds if " + phrase(trueIf)
	case len(falseIf) > 0:
		return "holds unless " + phrase(falseIf)
	}
	return "holds"
}

// phrase names each of several things once, in a stable order.
func phrase(words []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(words))), ", or ")
}
