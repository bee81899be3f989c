package subjects_test

import (
	"net/http"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/protocols"
	"github.com/resetlab/resetlab/harness/audit/subjects"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

// TestBytes audits an HTTP client without knowing HTTP.
func TestBytes(t *testing.T) {
	s := subjects.HTTP("net/http", startHTTP(t), func() *http.Client {
		return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	})
	s.Protocol, s.Pooled = protocols.Bytes(), false
	report, err := audit.Run(t.Context(), s, audit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	hold(t, report, []rule{{"*/*/*/*", verdict.Surfaced}})
	sweep, err := audit.Sweep(t.Context(), s, audit.SweepOptions{Stride: 128})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range sweep.Bad() {
		t.Errorf("%+v", r)
	}
	if sweep.Cells < 30 {
		t.Errorf("only %d bytes were tried", sweep.Cells)
	}
}
