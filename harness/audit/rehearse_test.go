package audit_test

import (
	"slices"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/point"
)

// TestRehearseSaysWhoseTheRequestsAre: places at requests that no fault would strike
// are none that the call comes by.
func TestRehearseSaysWhoseTheRequestsAre(t *testing.T) {
	for name, c := range map[string]struct {
		client   planted
		nameless bool
		places   []string
	}{
		"with the id":    {planted{exchange: ask}, false, []string{"P1", "P5", "P6", "P7", "P10", "P14", "P11"}},
		"without it":     {planted{exchange: askNamelessly}, true, nil},
		"in one of them": {planted{exchange: askInVain}, false, []string{"P1", "P5", "P6", "P7", "P10", "P14", "P11"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := subject(t, plantedClient(c.client))
			r, err := audit.Rehearse(t.Context(), s, point.Write, point.Place{}, audit.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Nameless != c.nameless || !slices.Equal(r.Places, c.places) {
				t.Errorf("nameless %t, places %q, want %t, %q", r.Nameless, r.Places, c.nameless, c.places)
			}
		})
	}
}
