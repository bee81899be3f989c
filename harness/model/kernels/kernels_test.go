package kernels_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/model"
	"github.com/resetlab/resetlab/harness/model/kernels"
	"github.com/resetlab/resetlab/harness/script"
)

var update = flag.Bool("update", false, "write the table into README.md")

// TestSystems: what is known of a system is well founded: measured, with figures,
// or from sources that are named; and of the model it is what the model says.
func TestSystems(t *testing.T) {
	all, err := kernels.All()
	if err != nil {
		t.Fatal(err)
	}
	modelled := false
	for _, s := range all {
		if measured := s.Known == kernels.Measured; measured != (len(s.Asked) > 0) || !measured && s.Known != kernels.FromSources {
			t.Errorf("%s is known as %q, and was asked %d times", s.System, s.Known, len(s.Asked))
		}
		if s.System == kernels.Model {
			modelled = s.Known == kernels.Measured && len(s.Differences) == 0
		}
		for _, d := range s.Differences {
			if got := last(t, d.Script); !slices.Contains(got, d.Model) {
				t.Errorf("%s: %s: by the model %q, not %s", s.System, d.Script, got, d.Model)
			}
			if d.Here == "" || d.Here == d.Model || d.Source == "" {
				t.Errorf("%s: %s: there %q, says %q", s.System, d.Script, d.Here, d.Source)
			}
		}
	}
	if !modelled {
		t.Errorf("%s was not measured, or the model differs from it", kernels.Model)
	}
}

// last is what the model says of the last line of a script, in each way it can go.
func last(t *testing.T, text string) (results []string) {
	t.Helper()
	scripts, err := script.Parse(text)
	if err != nil || len(scripts) != 1 {
		t.Fatalf("%s: %v", text, err)
	}
	for _, outcome := range model.Outcomes(scripts[0]) {
		if outcome.Stopped != "" || len(outcome.Steps) == 0 {
			t.Fatalf("%s:\n%s", text, outcome.Text())
		}
		results = append(results, outcome.Steps[len(outcome.Steps)-1].Result())
	}
	return results
}

// TestTable: the table in README.md is of these files.
func TestTable(t *testing.T) {
	var table strings.Builder
	if err := kernels.Table(&table); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	const mark = "<!-- go test ./harness/model/kernels -update -->\n"
	before, _, ok := strings.Cut(string(text), mark)
	if !ok {
		t.Fatalf("README.md has no %s", mark)
	}
	want := before + mark + table.String()
	if *update {
		if err := os.WriteFile("README.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Error("README.md has another table: go test ./harness/model/kernels -update")
	}
}
