package subjects_test

import (
	"net/http"
	"path"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/subjects"
)

// startHTTP starts an origin that is closed with the test.
func startHTTP(t testing.TB) *origins.HTTP {
	t.Helper()
	origin, err := origins.StartHTTP()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := origin.Close(); err != nil {
			t.Error(err)
		}
	})
	return origin
}

func netHTTP() *http.Client { return &http.Client{Transport: &http.Transport{}} }

// TestNetHTTP holds what net/http does against what its sources say: it
// repeats on reused connections only, what is safe or has an Idempotency-Key
// (Transport.shouldRetryRequest), and its parsers hide how a connection ended
// (ReadResponse, chunkedReader).
func TestNetHTTP(t *testing.T) {
	s := subjects.HTTP("net/http", startHTTP(t), netHTTP)
	report, err := audit.Run(t.Context(), s, audit.Options{
		Operations: audit.Operations(), Log: func(text string) { t.Log(text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	rules := []struct {
		cells string
		want  audit.Outcome
	}{
		{"P4.idle/*/*/*", audit.Unharmed}, // it notices in time
		{"P4.race/*/*/write", audit.Surfaced},
		{"P4.race/*/*/*", audit.Retried},
		{"P7.pooled/*/*/write", audit.Surfaced},
		{"P7.pooled/*/*/read", audit.RetriedRead},
		{"P7.pooled/*/*/idempotent", audit.Deduped},
		{"P8.value/fin/*/*", audit.Surfaced}, // "unexpected EOF", also where it was a RST
		{"P8*/*/*/*", audit.SurfacedMasked},
		{"P10.trailer/*/*/*", audit.SurfacedMasked},
		{"P10.close/fin/*/*", audit.TruncatedUndetectable},
		{"P11/*/*/*", audit.Unharmed},
		{"P12/*/*/*", audit.Unimplemented},
		{"*/*/*/*", audit.Surfaced},
	}
	for _, c := range report.Cells {
		for _, rule := range rules {
			if matched, _ := path.Match(rule.cells, c.ID); !matched {
				continue
			}
			if c.Verdict.Outcome != rule.want || c.Verdict.Bad() {
				t.Errorf("%s: %s, want %s: %s %s", c.ID, c.Verdict, rule.want, c.Verdict.Reason, c.FollowUp)
			}
			break
		}
	}
	t.Log(report, report.Duration)
}

// TestRepeatingClients shows that the origin's counting is what decides: a client
// that repeats every request is found out, unless the origin knows the key.
func TestRepeatingClients(t *testing.T) {
	s := subjects.HTTP("repeating", startHTTP(t), func() *http.Client {
		return &http.Client{Transport: repeating{&http.Transport{}}}
	})
	report, err := audit.Run(t.Context(), s, audit.Options{Only: []string{"P6/rst/once/*", "P7/*/once/*", "P7/rst/always/write"},
		Operations: audit.Operations()})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]audit.Outcome{
		"P6/rst/once/write":      audit.Retried,
		"P7/rst/once/write":      audit.Duplicated,
		"P7/fin/once/write":      audit.Duplicated,
		"P7/rst/always/write":    audit.DuplicatedError,
		"P7/rst/once/read":       audit.RetriedRead,
		"P7/fin/once/idempotent": audit.Deduped,
	} {
		if c, _ := report.Cell(id); c.Verdict.Outcome != want {
			t.Errorf("%s: %s, want %s: %s", id, c.Verdict, want, c.Verdict.Reason)
		}
	}
}

// repeating is a transport that tries everything twice more.
type repeating struct{ *http.Transport }

func (r repeating) RoundTrip(request *http.Request) (response *http.Response, err error) {
	for range 3 {
		if request.GetBody != nil {
			if request.Body, err = request.GetBody(); err != nil {
				return nil, err
			}
		}
		if response, err = r.Transport.RoundTrip(request); err == nil {
			return response, nil
		}
	}
	return nil, err
}
