// Command tables writes what is generated in README.md and scenarios/README.md:
// the tables of scenarios, from the specs themselves, and the samples, from real
// runs. Run it from the root of the project: make tables.
package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
)

func main() {
	suite.Be() // the samples are of rounds, which re-execute this binary
	if err := generate(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
}

// generate makes every part before it writes one.
func generate(ctx context.Context) error {
	scenarios := suite.Scenarios()
	verdicts, err := sampleOfClaims(ctx, scenarios)
	if err != nil {
		return err
	}
	card, err := sampleOfCard()
	if err != nil {
		return err
	}
	matrix, err := sampleOfAudit(ctx)
	if err != nil {
		return err
	}
	return errors.Join(
		replace("README.md", "claims", verdicts),
		replace("README.md", "card", card),
		replace("README.md", "matrix", matrix),
		replace("README.md", "causes", byCause(scenarios)),
		replace("scenarios/README.md", "scenarios", byName(scenarios)))
}

// replace puts text between the marks of that name in the file.
func replace(file, name, text string) error {
	begin, end := fmt.Sprintf("<!-- begin %s: make tables -->\n", name), fmt.Sprintf("<!-- end %s -->\n", name)
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, opened := strings.Cut(string(old), begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return fmt.Errorf("%s has no marks for %s", file, name)
	}
	return os.WriteFile(file, []byte(before+begin+text+end+after), 0o644)
}

// byCause is a row a cause, with the command that runs its scenarios.
func byCause(scenarios []suite.Scenario) string {
	names := map[string][]string{}
	for _, s := range scenarios {
		for _, label := range s.Labels {
			if cause, ok := strings.CutPrefix(label, "cause:"); ok {
				names[cause] = append(names[cause], s.Name)
			}
		}
	}
	var table strings.Builder
	fmt.Fprint(&table, "| cause | scenarios | command |\n|---|---|---|\n")
	for _, cause := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(&table, "| %s | %s | `go tool ginkgo --label-filter='cause: containsAny %s' ./scenarios` |\n",
			cause, strings.Join(names[cause], ", "), cause)
	}
	return table.String()
}

// byName is a row a scenario, with the command that runs it alone.
func byName(scenarios []suite.Scenario) string {
	var table strings.Builder
	fmt.Fprint(&table, "| scenario | specs | labels | command |\n|---|---|---|---|\n")
	for _, s := range scenarios {
		file := path.Base(s.File)
		fmt.Fprintf(&table, "| [%s](%s) | %d | %s | `go tool ginkgo --focus-file=%s ./scenarios` |\n",
			s.Title, file, len(s.Specs), strings.Join(s.Labels, ", "), file)
	}
	return table.String()
}
