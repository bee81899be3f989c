package audit_test

import (
	"fmt"
	"testing"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/audit"
)

// TestASweepFindsTheBoundaries of a client that retries everything and takes a
// short reply for a whole one: from the byte on with which the request is
// executed it duplicates, from the first byte of the reply on it truncates.
func TestASweepFindsTheBoundaries(t *testing.T) {
	for _, stride := range []int64{0, 7} {
		t.Run(fmt.Sprint("stride ", stride), func(t *testing.T) {
			client := planted{exchange: askCarelessly, attempts: 3}
			s := subject(t, func() audit.Client { c := client; return &c })
			report, err := audit.Sweep(t.Context(), s, audit.SweepOptions{Operation: audit.Write, Stride: stride})
			if err != nil {
				t.Fatal(err)
			}
			request, reply := report.ToServer, report.ToClient
			for _, fault := range []audit.Fault{audit.RST, audit.FIN} {
				expectRanges(t, report, harness.Server, fault,
					span{0, request - 1, "RETRIED"}, span{request, request, "DUPLICATED"})
				expectRanges(t, report, harness.Client, fault,
					span{0, 0, "DUPLICATED"}, span{1, reply - 2, "TRUNCATED-OK"}, span{reply - 1, reply, "UNHARMED"})
			}
			if full := int(2 * (request + reply + 2)); stride == 0 && report.Cells != full || stride > 0 && report.Cells > full/2 {
				t.Errorf("it took %d cells, all are %d", report.Cells, full)
			}
		})
	}
}

type span struct {
	first, last int64
	verdict     string
}

func expectRanges(t *testing.T, report *audit.SweepReport, toward harness.Party, fault audit.Fault, want ...span) {
	t.Helper()
	var got []span
	for _, r := range report.Ranges {
		if r.Toward == toward && r.Fault == fault {
			got = append(got, span{r.First, r.Last, r.Verdict.String()})
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("toward the %s, %s: got %v, want %v", toward, fault, got, want)
	}
}
