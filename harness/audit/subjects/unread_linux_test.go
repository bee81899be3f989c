package subjects_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/subjects"
)

// TestUnreadIsARST: a client cannot tell why it got a RST.
func TestUnreadIsARST(t *testing.T) {
	for name, subject := range map[string]audit.Subject{
		"plain text": subjects.HTTP("net/http", startHTTP(t), netHTTP),
		"TLS":        netHTTPOverTLS(t, tls.VersionTLS13),
	} {
		t.Run(name, func(t *testing.T) {
			report, err := audit.Run(t.Context(), subject, audit.Options{
				Faults: []point.Fault{point.RST, point.Unread}, Limits: patient,
			})
			if err != nil {
				t.Fatal(err)
			}
			races := map[string]bool{}
			for _, p := range report.Places {
				races[p.ID] = p.Race
			}
			for _, c := range report.Cells {
				if c.Fault != point.Unread {
					continue
				}
				same, _ := report.Cell(strings.Replace(c.ID, "/unread/", "/rst/", 1))
				if c.Verdict.Bad() || !races[c.Place] && (c.Verdict.String() != same.Verdict.String() || c.Strikes != same.Strikes) {
					t.Errorf("%s: %s, %d strikes; %s: %s, %d strikes: %s",
						c.ID, c.Verdict, c.Strikes, same.ID, same.Verdict, same.Strikes, c.Verdict.Reason)
				}
			}
			t.Log(report)
		})
	}
}
