package audits

import (
	_ "embed" // for the versions in go.mod
	"encoding/json"
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	. "github.com/onsi/gomega"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// Run runs the audits and compares what they measured with the table in
// README.md. With RESETLAB_TABLE=1 it writes the table instead.
func Run(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Audits of real clients")
}

// rowEntry is the name under which a spec reports a row.
const rowEntry = "row"

// A row is what one audit measured.
type row struct {
	Name, Version string
	Expected      verdict.Expectations
	Report        *verdict.Report
	Other         string   // how it differs from the version that was measured last, if it is another
	News          []string // cells that are known to depend on the version, and in this one are otherwise
}

// enter reports a row, and keeps it in a file if RESETLAB_REPORTS names a
// directory.
func enter(r row) {
	text, err := json.Marshal(r)
	Expect(err).NotTo(HaveOccurred())
	AddReportEntry(rowEntry, ReportEntryVisibilityNever, string(text))
	if dir := os.Getenv("RESETLAB_REPORTS"); dir != "" {
		file := strings.NewReplacer("/", "-", " ", "-", ",", "").Replace(r.Name+" "+r.Report.Protocol) + ".json"
		Expect(os.WriteFile(path.Join(dir, file), text, 0o644)).To(Succeed())
	}
}

//go:embed go.mod
var goMod string

// version returns the version of a module that go.mod asks for.
func version(module string) string {
	for line := range strings.Lines(goMod) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == module {
			return fields[1]
		}
	}
	return ""
}

var _ = ReportAfterSuite("the table", func(report Report) {
	rows, skipped := rowsOf(report)
	others := tellNews(rows)
	if report.PreRunStats.SpecsThatWillRun < report.PreRunStats.TotalSpecs {
		return // a part says nothing of the whole
	}
	text, err := os.ReadFile("README.md")
	Expect(err).NotTo(HaveOccurred())
	updated, err := replaceTable(string(text), table(rows))
	Expect(err).NotTo(HaveOccurred())
	switch {
	case os.Getenv("RESETLAB_TABLE") == "1":
		Expect(skipped).To(BeEmpty(), "the table needs every client")
		Expect(os.WriteFile("README.md", []byte(updated), 0o644)).To(Succeed())
	case others: // the table is of the versions that were measured last
	case report.SuiteSucceeded && len(skipped) == 0:
		Expect(otherLines(string(text), updated)).To(BeEmpty(), "README.md is not what was measured: make audits")
	}
})

// tellNews writes what is news in versions of programs that were not measured, or
// not last, and says whether there are such versions. RESETLAB_NEWS names a file
// for it, because go test does not show what a test that passes writes.
func tellNews(rows []row) (others bool) {
	var text strings.Builder
	for _, r := range rows {
		if r.Other == "" {
			continue
		}
		others = true
		fmt.Fprintf(&text, "%s: %s\n", r.Name, r.Other)
		for _, cell := range r.News {
			fmt.Fprintln(&text, "  news:", cell)
		}
	}
	fmt.Print(text.String())
	if file := os.Getenv("RESETLAB_NEWS"); file != "" {
		Expect(os.WriteFile(file, []byte(text.String()), 0o644)).To(Succeed())
	}
	return others
}

// rowsOf returns what the specs measured, and why some did not.
func rowsOf(report Report) (rows []row, skipped []string) {
	for _, spec := range report.SpecReports {
		if spec.State == types.SpecStateSkipped {
			skipped = append(skipped, spec.LeafNodeText+": "+spec.Failure.Message)
		}
		for _, e := range spec.ReportEntries {
			if e.Name != rowEntry {
				continue
			}
			var r row
			Expect(json.Unmarshal([]byte(e.Value.String()), &r)).To(Succeed())
			rows = append(rows, r)
		}
	}
	return rows, skipped
}
