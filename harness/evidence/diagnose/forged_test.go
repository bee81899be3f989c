package diagnose_test

import (
	"slices"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
)

// TestForgedAreToldFromThePeers: of the RSTs of the scenarios that no end sent,
// each whose TTL, IP id or number is not that end's is told from it, and no RST
// of an end is called another's, in the whole suite. A NAT that answers in the
// name of the host behind it is no end.
func TestForgedAreToldFromThePeers(t *testing.T) {
	forged, told, imitated, peers := 0, 0, 0, 0
	for _, x := range trialsOf(t, recordingsStore) {
		between := x.found.Part == diagnose.PartBetween
		switch {
		case x.scripted || x.translator:
		case x.truth.Sender != evidence.Between:
			if peers++; between {
				t.Errorf("a peer's RST is called another's: %v", &x)
			}
		case x.distinct:
			if forged++; between {
				told++
			} else {
				t.Errorf("it differs from what its end sends, and is not told from it: %v", &x)
			}
		default:
			imitated++
			if slices.Contains([]diagnose.Sureness{diagnose.Certain, diagnose.Likely}, x.found.Sure) && !between {
				t.Errorf("it is called the peer's, which it only imitates: %v", &x)
			}
		}
	}
	t.Logf("of %d forged RSTs that differ %d were told; %d imitate their end wholly; of %d RSTs of peers none was called forged", forged, told, imitated, peers)
	if forged < 10 || peers < 300 {
		t.Errorf("only %d forged RSTs that differ, and %d of peers: too few to show anything", forged, peers)
	}
}
