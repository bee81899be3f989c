package evidence_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
)

func TestExplain(t *testing.T) {
	names := evidence.Reasons()
	if len(names) != 26 {
		t.Errorf("%d reasons are known, want the kernel's 26", len(names))
	}
	seen := map[string]string{}
	for _, name := range names {
		words, ok := evidence.Explain(name)
		if !ok || !strings.HasSuffix(words, ".") || strings.Contains(words, "  ") {
			t.Errorf("%s: got %q, %v, want sentences", name, words, ok)
		}
		if other, twice := seen[words]; twice {
			t.Errorf("%s and %s have the same words", name, other)
		}
		seen[words] = name
	}
	if words, ok := evidence.Explain("TCP_STATE"); !ok || !strings.Contains(words, "SO_LINGER") {
		t.Errorf("TCP_STATE: got %q, want what it mostly means", words)
	}
	if words, ok := evidence.Explain("ECONNRESET"); ok {
		t.Errorf("ECONNRESET is no reason of the kernel's, got %q", words)
	}
}
