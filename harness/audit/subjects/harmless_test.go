package subjects_test

import (
	"crypto/tls"
	"net/http"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/subjects"
)

// TestNetHTTPNoticesNothing of the pieces in which a reply comes, in whatever shape.
func TestNetHTTPNoticesNothing(t *testing.T) {
	for name, subject := range map[string]audit.Subject{
		"http/1.1":          subjects.HTTP("net/http", startHTTP(t), netHTTP),
		"http/1.1 over TLS": netHTTPOverTLS(t, tls.VersionTLS13),
		"http/2":            subjects.HTTP2("net/http", startHTTP2(t), func() *http.Client { return netHTTP2(nil) }),
	} {
		t.Run(name, func(t *testing.T) {
			report, err := audit.Run(t.Context(), subject, audit.Options{
				Faults:     []point.Fault{point.Bytes, point.Split, point.Joined, point.Pause},
				Operations: []point.Operation{point.Read}, Limits: audit.Limits{Pause: 100 * time.Millisecond},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range report.Cells {
				if got := c.Verdict.String(); got != "UNHARMED" && got != "UNIMPLEMENTED" || got == "UNHARMED" && c.Strikes == 0 {
					t.Errorf("%s: %s, %d strikes: %s", c.ID, got, c.Strikes, c.Verdict.Reason)
				}
			}
			t.Log(report)
		})
	}
}
