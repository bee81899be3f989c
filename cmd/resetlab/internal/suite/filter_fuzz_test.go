package suite_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/resetlab/resetlab/cmd/resetlab/internal/suite"
	"github.com/resetlab/resetlab/scenarios/catalogue"
)

// FuzzLabelled reads label filters. What is wrong with one is said in a line
// that a terminal can show.
func FuzzLabelled(f *testing.F) {
	for _, text := range []string{"cause: containsAny unread", "cause containsAny unread", "(", "a &&", "/[/", "!(a || b)", "cause: {x", "\x1b", "/(\x0f"} {
		f.Add(text)
	}
	all := catalogue.All()[:3] // asking Ginkgo takes each worker seconds
	f.Fuzz(func(t *testing.T, filter string) {
		kept, err := suite.Labelled(all, filter)
		if err == nil {
			if len(kept) > len(all) {
				t.Errorf("%q keeps %d of %d", filter, len(kept), len(all))
			}
			return
		}
		if strings.ContainsFunc(err.Error(), unicode.IsControl) {
			t.Errorf("%q: said %q", filter, err)
		}
	})
}
