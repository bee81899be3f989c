package diagnose_test

import (
	"slices"
	"testing"

	"github.com/resetlab/resetlab/harness/causes"
	"github.com/resetlab/resetlab/harness/evidence/diagnose"
)

// between are the causes for which no kernel of either end sends a RST, and yet
// there can be one.
var between = []string{"firewall-rejects", "banned", "forged", "inexact-reset", "flow-expired", "upstream-refuses",
	"time-wait-assassinated", "alive-check-failed", "address-gone"}

// TestEveryCauseHasAView: what the wire can tell of each cause is written down,
// and a cause without a reason of the kernel's has no RST of an end.
func TestEveryCauseHasAView(t *testing.T) {
	for _, c := range causes.All() {
		v := diagnose.ViewOf(c.Name)
		if (len(v.OneEnd) == 0) == (v.Off == "") {
			t.Errorf("%s: pictures %q, off the wire %q: want one of them", c.Name, v.OneEnd, v.Off)
		}
		mayHave := len(c.Reasons) > 0 || slices.Contains(between, c.Name)
		if v.RST != mayHave {
			t.Errorf("%s: a picture with a RST: %v, want %v, for its reasons are %q", c.Name, v.RST, mayHave, c.Reasons)
		}
		for _, name := range v.BothEnds {
			if !slices.Contains(v.OneEnd, name) {
				t.Errorf("%s: %q is seen from both ends, and from one end not", c.Name, name)
			}
		}
	}
}

// TestPicturesNameCauses: no picture is there twice, or names a cause twice or
// that does not exist.
func TestPicturesNameCauses(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range diagnose.Pictures() {
		if seen[p.Name] || p.What == "" || len(p.Causes) == 0 {
			t.Errorf("%q is there twice, or says nothing", p.Name)
		}
		seen[p.Name] = true
		for _, names := range [][]string{p.Causes, p.BothEnds} {
			for i, name := range names {
				if _, found := causes.Find(name); !found || slices.Contains(names[:i], name) {
					t.Errorf("%s: %q is no cause, or there twice", p.Name, name)
				}
			}
		}
	}
}
