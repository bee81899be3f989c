package report_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/report"
)

func mermaid(t *testing.T, r *evidence.Recording) string {
	t.Helper()
	var b strings.Builder
	if err := report.Mermaid(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestMermaid(t *testing.T) {
	got := mermaid(t, load(t, "closing_with_unread_data"))
	got = regexp.MustCompile(`win \d+`).ReplaceAllString(got, "win 512")
	for _, want := range []string{
		"sequenceDiagram\n", "participant h0 as client\n", "h0->>h1: PSH ACK seq 1 len 2\n",
		"h1-xh0: RST ACK seq 1 ack 3 win 512<br/>TCP_ABORT_ON_CLOSE: its owner closed with<br/>received bytes unread\n", "Note over h0: ESTABLISHED\n",
		"Note right of h1: close() = 0\n", "Note left of h0: read() ECONNRESET\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// What is not ours must stay text: no statement, no markup, no entity.
func TestMermaidKeepsStringsHarmless(t *testing.T) {
	got := mermaid(t, hostile("x\nend; h0->>h1: <b>y</b> #35; %%{init}%%"))
	for line := range strings.Lines(got) {
		line = strings.ReplaceAll(strings.TrimSuffix(line, "\n"), "<br/>", "")
		if strings.ContainsAny(line, "<{}%\x1b") || strings.HasPrefix(strings.TrimSpace(line), "end") {
			t.Errorf("syntax or markup got through: %s", line)
		}
	}
}

func TestMermaidOfOddRecordings(t *testing.T) {
	for name, r := range odd(t) {
		if got := mermaid(t, r); !strings.HasPrefix(got, "sequenceDiagram\n") {
			t.Errorf("%s: %.40q", name, got)
		}
	}
}
