package tcp_test

import (
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/tcp"
)

func TestExplain(t *testing.T) {
	names := tcp.Reasons()
	if len(names) != 26 {
		t.Errorf("%d reasons are known, want the kernel's 26", len(names))
	}
	seen := map[string]tcp.Reason{}
	for _, name := range names {
		words, ok := name.Explain()
		if !ok || !strings.HasSuffix(words, ".") || strings.Contains(words, "  ") {
			t.Errorf("%s: got %q, %v, want sentences", name, words, ok)
		}
		if other, twice := seen[words]; twice {
			t.Errorf("%s and %s have the same words", name, other)
		}
		seen[words] = name
	}
	if words, ok := tcp.Reason("TCP_STATE").Explain(); !ok || !strings.Contains(words, "SO_LINGER") {
		t.Errorf("TCP_STATE: got %q, want what it mostly means", words)
	}
	if words, ok := tcp.Reason("ECONNRESET").Explain(); ok {
		t.Errorf("ECONNRESET is no reason of the kernel's, got %q", words)
	}
}
