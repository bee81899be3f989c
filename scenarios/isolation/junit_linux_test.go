package isolation_test

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"testing"
)

// TestJUnitHasWhatWasChosen: the report of a filtered run lists the specs that
// the filter has let through, and no others as skipped.
func TestJUnitHasWhatWasChosen(t *testing.T) {
	s := newSuite(t, nil)
	path := filepath.Join(filepath.Dir(s.report), "junit.xml")
	s.Args = append(s.Args, "-ginkgo.junit-report="+path, "-ginkgo.focus=^ResetLab scenarios Closing with unread data")
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, spec := range s.result(t).SpecReports {
		if spec.LeafNodeType.String() == "It" && spec.State.String() == "passed" {
			ran++
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Tests int `xml:"tests,attr"`
		Cases []struct {
			Name   string `xml:"name,attr"`
			Status string `xml:"status,attr"`
		} `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(text, &report); err != nil {
		t.Fatal(err)
	}
	if ran == 0 || len(report.Cases) != ran || report.Tests != ran {
		t.Errorf("%d specs ran, and the report has %d of %d: %+v", ran, len(report.Cases), report.Tests, report.Cases)
	}
}
