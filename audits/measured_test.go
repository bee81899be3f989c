package audits_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/audits"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// reportOf makes a report of pairs of a cell and its outcomes.
func reportOf(t *testing.T, pairs ...string) *verdict.Report {
	t.Helper()
	r := &verdict.Report{Places: []verdict.PlaceNote{{ID: "P4.race", Race: true}, {ID: "P7"}, {ID: "P10.trailer"}}}
	for pair := range slices.Chunk(pairs, 2) {
		cell, err := point.ParseCell(pair[0])
		if err != nil {
			t.Fatal(err)
		}
		v := verdict.Verdict{Hygiene: []verdict.Hygiene{verdict.Clean}}
		for _, word := range strings.Split(pair[1], ",") {
			v.Outcomes = append(v.Outcomes, verdict.Outcome(word))
		}
		r.Cells = append(r.Cells, verdict.Result{ID: pair[0], Place: cell.Place, Verdict: v})
	}
	return r
}

const (
	agreed  = "P7/rst/once/read"
	racy    = "P7/rst/always/read"
	differs = "P10.trailer/rst/once/read"
	race    = "P4.race/rst/once/read"
	file    = `# measured with 17.0.19, 17.0.21
P10.trailer/rst/once/read 17.0.19=UNHARMED 17.0.21=SURFACED-MASKED
P7/rst/always/read SURFACED|SURFACED-MASKED
P7/rst/once/read DUPLICATED,STORM
`
)

func TestMeasuredVersionsAreCompared(t *testing.T) {
	for _, c := range []struct {
		name, version string
		cells         []string
		wrong, news   string
	}{
		{"as it was", "17.0.21", []string{agreed, "STORM,DUPLICATED", racy, "SURFACED", differs, "SURFACED-MASKED", race, "HUNG"}, "", ""},
		{"as another version", "17.0.21", []string{agreed, "DUPLICATED,STORM", differs, "UNHARMED"}, differs, ""},
		{"the older one", "17.0.19", []string{agreed, "DUPLICATED,STORM", differs, "UNHARMED"}, "", ""},
		{"unmeasured, as the newest", "25", []string{agreed, "DUPLICATED,STORM", differs, "SURFACED-MASKED"}, "", ""},
		{"unmeasured, news", "25", []string{agreed, "DUPLICATED,STORM", differs, "HUNG"}, "", differs},
		{"unmeasured, where all agree", "25", []string{agreed, "DUPLICATED", racy, "HUNG"}, agreed + " " + racy, ""},
		{"a cell that nobody measured", "17.0.21", []string{"P7/fin/once/read", "SURFACED"}, "P7/fin/once/read", ""},
	} {
		wrong, news, err := audits.CompareMeasured(file, c.version, reportOf(t, c.cells...))
		if err != nil {
			t.Fatal(err)
		}
		if cellsOf(wrong) != c.wrong || cellsOf(news) != c.news {
			t.Errorf("%s: wrong are %q, news %q; want %q and %q", c.name, wrong, news, c.wrong, c.news)
		}
	}
}

// cellsOf are the cells that lines begin with.
func cellsOf(lines []string) string {
	var cells []string
	for _, line := range lines {
		cell, _, _ := strings.Cut(line, " ")
		cells = append(cells, cell)
	}
	return strings.Join(cells, " ")
}

func TestMeasuredVersionsAreKept(t *testing.T) {
	expected, err := verdict.ParseExpectations(strings.NewReader("P7/rst/always/read SURFACED-MASKED|SURFACED a race\n"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "measured", "x.txt")
	for _, version := range []struct{ of, trailer string }{{"17.0.19", "HUNG"}, {"17.0.21", "SURFACED-MASKED"}, {"17.0.19", "UNHARMED"}} {
		cells := []string{agreed, "DUPLICATED,STORM", racy, "SURFACED", differs, version.trailer, race, "HUNG"}
		if version.of == "17.0.21" {
			cells = append(cells, "P7/fin/once/read", "RETRIED") // which the other version does not have
		}
		report := reportOf(t, cells...)
		if err := audits.EnterMeasured(path, version.of, report, expected); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	want := `# measured with 17.0.21, 17.0.19
P10.trailer/rst/once/read 17.0.21=SURFACED-MASKED 17.0.19=UNHARMED
P7/fin/once/read 17.0.21=RETRIED
P7/rst/always/read SURFACED-MASKED|SURFACED
P7/rst/once/read DUPLICATED,STORM
`
	if err != nil || string(got) != want {
		t.Errorf("the file is %v\n%s\nwant\n%s", err, got, want)
	}
}

func TestMeasurementsThatCannotBeRead(t *testing.T) {
	for _, text := range []string{
		"P7/rst/once/read SURFACED\n", "# measured with 1\nP7/rst/once/read\n", "# measured with 1\nP7/rst/once/read 2=HUNG 3=HUNG\n",
		"# measured with 1, 2\nP7/rst/once/read HUNG STORM\n",
	} {
		if _, _, err := audits.CompareMeasured(text, "1", reportOf(t)); err == nil {
			t.Errorf("%q can be read", text)
		}
	}
}
