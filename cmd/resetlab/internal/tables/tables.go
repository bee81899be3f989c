package main

import (
	"fmt"
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
