package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
)

// byCause is a row a group of causes, with the command that runs its scenarios.
// Those with real programs are in a suite of their own.
func byCause(situations []catalogue.Situation) string {
	var groups []string
	for _, c := range causes.All() {
		groups = append(groups, c.Group)
	}
	slices.Sort(groups)
	var table strings.Builder
	fmt.Fprint(&table, "| cause | scenarios | command |\n|---|---|---|\n")
	for _, group := range slices.Compact(groups) {
		var names []string
		for _, s := range situations {
			if slices.Contains(s.Labels, "cause:"+group) && len(claims.Programs(s.Labels)) == 0 {
				names = append(names, s.Name)
			}
		}
		fmt.Fprintf(&table, "| %s | %s | `go tool ginkgo --label-filter='cause: containsAny %s' ./scenarios` |\n",
			group, strings.Join(names, ", "), group)
	}
	return table.String()
}

// byName is a row a scenario, with the command that runs it alone.
func byName(situations []catalogue.Situation) string {
	var table strings.Builder
	fmt.Fprint(&table, "| scenario | cause | the client sees | the server sees | its twin | specs | needs |\n"+
		"|---|---|---|---|---|---|---|\n")
	for _, s := range situations {
		var needs []string
		for _, label := range s.Labels {
			if need, ok := strings.CutPrefix(label, "needs:"); ok {
				needs = append(needs, need)
			}
		}
		needs = append(needs, claims.Programs(s.Labels)...)
		fmt.Fprintf(&table, "| [%s](%s) `%s` | %s | %s | %s | %s | %d | %s |\n", s.Title, strings.TrimPrefix(s.File, "scenarios/"), s.Name, s.Cause,
			cell(s.Client), cell(s.Server), cell(s.Twin), len(s.Specs), strings.Join(needs, ", "))
	}
	return table.String()
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// byBoth is a row a claim to which real programs speak: what was found by the
// toy programs, and by each of them, as it is pinned on one kernel.
func byBoth() (string, error) {
	var pins []claims.PinsBy
	for _, suite := range []string{"scenarios", "scenarios/real"} {
		text, err := os.ReadFile(suite + "/testdata/pinned/linux-6.18.txt")
		if err != nil {
			return "", err
		}
		parsed, err := claims.ParsePins(string(text))
		if err != nil {
			return "", fmt.Errorf("%s: %w", suite, err)
		}
		pins = append(pins, parsed)
	}
	var table strings.Builder
	fmt.Fprint(&table, "| claim | toy programs | real programs |\n|---|---|---|\n")
	for _, c := range claims.All() {
		toy, real := pins[0][""][c.ID], []string{}
		for _, by := range slices.Sorted(maps.Keys(pins[1])) {
			pin, speaks := pins[1][by][c.ID]
			if !speaks {
				continue
			}
			verdict := claims.Verdict{Claim: c.ID, By: by, Word: pin.Word, Specs: 1, Passed: 1}
			both := claims.Table{Verdicts: []claims.Verdict{{Claim: c.ID, Word: toy.Word}}}
			real = append(real, by+": "+pin.Word)
			if why := both.Why(verdict); why != "" {
				real[len(real)-1] += " (" + why + ")"
			}
		}
		if len(real) > 0 {
			fmt.Fprintf(&table, "| %s | %s | %s |\n", c.ID, cell(toy.Word), cell(strings.Join(real, "; ")))
		}
	}
	return table.String(), nil
}

// byUnshown is a row a claim to which no real program speaks, with why.
func byUnshown() string {
	var table strings.Builder
	fmt.Fprint(&table, "| claim | why no real program shows it |\n|---|---|\n")
	for _, c := range claims.All() {
		if c.Unshown != "" {
			fmt.Fprintf(&table, "| %s | %s |\n", c.ID, cell(c.Unshown))
		}
	}
	return table.String()
}

// byWords is a row a phrase that was measured, with who says it.
func byWords() string {
	const measured = "measured: "
	var table strings.Builder
	fmt.Fprint(&table, "| who says it | words | how the connection ended | measured with |\n|---|---|---|---|\n")
	phrases := causes.Phrases()
	slices.SortStableFunc(phrases, func(a, b causes.Phrase) int { return strings.Compare(a.Of, b.Of) })
	for _, p := range phrases {
		with, is := strings.CutPrefix(p.Known, measured)
		if is && p.Of != "" {
			fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", cell(p.Of), cell("\""+strings.Join(p.Words, "\", \"")+"\""), p.Ending, cell(with))
		}
	}
	return table.String()
}
