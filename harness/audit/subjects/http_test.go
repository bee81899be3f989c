package subjects_test

import (
	"crypto/tls"
	"net/http"
	"path"
	"slices"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/subjects"
	"github.com/resetlab/resetlab/harness/audit/verdict"
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

// patient gives clients time to notice that an idle connection has died.
var patient = audit.Limits{Stall: 300 * time.Millisecond}

func netHTTP() *http.Client { return &http.Client{Transport: &http.Transport{}} }

// TestNetHTTP holds what net/http does against what its sources say: it
// repeats on reused connections only, what is safe or has an Idempotency-Key
// (Transport.shouldRetryRequest), and its parsers hide how a connection ended
// (ReadResponse, chunkedReader).
func TestNetHTTP(t *testing.T) {
	s := subjects.HTTP("net/http", startHTTP(t), netHTTP)
	report, err := audit.Run(t.Context(), s, audit.Options{
		Operations: point.Operations(), Limits: patient, Log: func(text string) { t.Log(text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	hold(t, report, netHTTPRules)
}

// A rule says which outcome the cells of a pattern have; empty is any but a bad one.
type rule struct {
	cells string
	want  verdict.Outcome
}

// netHTTPRules are in the order in which they apply.
var netHTTPRules = []rule{
	{"P4.idle/*/*/*", verdict.Unharmed}, // it notices in time
	{"P4.race/*/*/write", verdict.Surfaced},
	{"P4.race/*/*/*", verdict.Retried},
	{"P7.pooled/*/*/write", verdict.Surfaced},
	{"P7.pooled/*/*/read", verdict.RetriedRead},
	{"P7.pooled/*/*/idempotent", verdict.Deduped},
	{"P8.value/fin/*/*", verdict.Surfaced}, // "unexpected EOF", also where it was a RST
	{"P8.value/close-notify/*/*", verdict.Surfaced},
	{"P8*/*/*/*", verdict.SurfacedMasked},
	{"P10.trailer/*/*/*", verdict.SurfacedMasked},
	{"P10.close/fin/*/*", verdict.TruncatedUndetectable},
	{"P11/*/*/*", verdict.Unharmed},
	{"P12/*/*/*", verdict.Unimplemented},
	{"*/*/*/*", verdict.Surfaced},
}

// hold compares the cells of a report with the first rule that fits each.
func hold(t *testing.T, report *verdict.Report, rules []rule) {
	t.Helper()
	for _, c := range report.Cells {
		for _, rule := range rules {
			if matched, _ := path.Match(rule.cells, c.ID); !matched {
				continue
			}
			right := c.Verdict.Has(rule.want) || rule.want == "" && !c.Verdict.Bad()
			if !right || !slices.Equal(c.Verdict.Hygiene, []verdict.Hygiene{verdict.Clean}) {
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
		Operations: point.Operations()})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]verdict.Outcome{
		"P6/rst/once/write":      verdict.Retried,
		"P7/rst/once/write":      verdict.Duplicated,
		"P7/fin/once/write":      verdict.Duplicated,
		"P7/rst/always/write":    verdict.DuplicatedError,
		"P7/rst/once/read":       verdict.RetriedRead,
		"P7/fin/once/idempotent": verdict.Deduped,
	} {
		if c, _ := report.Cell(id); !c.Verdict.Has(want) {
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

// TestNetHTTPOverTLS adds what TLS changes. Without close_notify the end of a
// reply without a length can be known to be none (RFC 8446, section 6.1).
func TestNetHTTPOverTLS(t *testing.T) {
	for version, only := range map[uint16][]string{
		tls.VersionTLS12: {"P1/*/*/*", "P2*/*/*/*"},
		tls.VersionTLS13: nil,
	} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			report, err := audit.Run(t.Context(), netHTTPOverTLS(t, version), audit.Options{
				Only: only, Operations: []point.Operation{point.Write}, Limits: patient,
			})
			if err != nil {
				t.Fatal(err)
			}
			hold(t, report, slices.Concat([]rule{
				{"P2.finished/*/*/*", ""}, // a race with the request
				{"P10.close/close-notify/*/*", verdict.TruncatedUndetectable},
				{"P10.close/fin/*/*", verdict.TruncatedOK}, // crypto/tls lets it pass between two records
				{"P8.value/rst/*/*", verdict.Surfaced},     // crypto/tls remembers the error
			}, netHTTPRules))
		})
	}
}

// netHTTPOverTLS is net/http with TLS of at most a version.
func netHTTPOverTLS(t *testing.T, version uint16) audit.Subject {
	t.Helper()
	authority, err := audit.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	s := subjects.HTTP("net/http", startHTTP(t), func() *http.Client {
		config := &tls.Config{RootCAs: authority.Pool(), MaxVersion: version}
		return &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	})
	s.TLS = authority.Server()
	return s
}
