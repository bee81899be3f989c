// Command tables writes the tables of scenarios into README.md and
// scenarios/README.md, from the specs themselves. Run it from the root of the
// project: make tables.
package main

import (
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
	scenarios := suite.Scenarios()
	err := errors.Join(
		replace("README.md", byCause(scenarios)),
		replace("scenarios/README.md", byName(scenarios)))
	if err != nil {
		fmt.Fprintln(os.Stderr, "tables:", err)
		os.Exit(1)
	}
}

// The marks between which a table stands.
const begin, end = "<!-- begin: make tables -->\n", "<!-- end -->\n"

// replace puts the table between the marks of the file.
func replace(file, table string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, opened := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !opened || !closed {
		return fmt.Errorf("%s has no marks for a table", file)
	}
	return os.WriteFile(file, []byte(before+begin+table+end+after), 0o644)
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
