package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"

	"github.com/resetlab/resetlab/harness/audit/render"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// TestSARIF: it is what the format's schema says, and has every bad verdict.
func TestSARIF(t *testing.T) {
	stopped := sample()
	stopped.Stopped = "stopped after 10 of 12 cells"
	stopped.Cells = append(stopped.Cells, result("P8/rst/once/read", verdict.NotStruck), result("P12/fin/once/write", verdict.Surfaced, verdict.LeakFD))
	var text bytes.Buffer
	if err := render.SARIF(&text, "clients/shop client.py", sample(), stopped); err != nil {
		t.Fatal(err)
	}
	golden(t, "sarif", text.String())
	file, err := sarif.FromBytes(text.Bytes(), sarif.WithStrictValidation())
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Validate(); err != nil {
		t.Error(err)
	}
	for i, want := range []int{3, 4} {
		if got := len(file.Runs[i].Results); got != want {
			t.Errorf("run %d has %d results, want %d", i, got, want)
		}
	}
	text.Reset()
	if err := render.SARIF(&text, "", &verdict.Report{Subject: "client", Protocol: "lines"}); err != nil || !strings.Contains(text.String(), `"results": []`) {
		t.Errorf("of nothing: %v\n%s", err, &text)
	}
}
